/** Random models are the same in every way to search them: third part of four. */
import { campaign } from '../support/campaign.ts';

campaign(2, 4);
