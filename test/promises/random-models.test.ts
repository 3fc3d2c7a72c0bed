/** Random models are the same in every way to search them: first part of four. */
import { campaign } from '../support/campaign.ts';

campaign(0, 4);
