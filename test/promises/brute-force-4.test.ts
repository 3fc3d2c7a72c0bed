/** Every small scenario is the same by brute force and in every way to search it: last part of four. */
import { everyWay } from '../support/every-way.ts';

everyWay(3, 4);
