/** Every small scenario is the same by brute force and in every way to search it: third part of four. */
import { everyWay } from '../support/every-way.ts';

everyWay(2, 4);
