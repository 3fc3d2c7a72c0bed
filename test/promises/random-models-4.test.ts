/** Random models are the same in every way to search them: fourth part of four. */
import { campaign } from '../support/campaign.ts';

campaign(3, 4);
