// SPDX-License-Identifier: MIT
/* A toy driver: its interrupt handler counts what its ring has completed, and the ring goes away with the device. */

static irqreturn_t ring_irq(int irq, void *data)
{
        struct ring_dev *dev = data;
        struct ring *ring = READ_ONCE(dev->ring);

        if (!ring)
                return IRQ_NONE;
        ring->done++;
        return IRQ_HANDLED;
}

static void ring_remove(struct ring_dev *dev)
{
        struct ring *ring = dev->ring;

        WRITE_ONCE(dev->ring, NULL);
        /* The repair: free_irq(dev->irq, dev); */
        kfree(ring);
}
