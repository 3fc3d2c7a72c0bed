/** Random models are the same in every way to search them: second part of four. */
import { campaign } from '../support/campaign.ts';

campaign(1, 4);
