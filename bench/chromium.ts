/** The browser that pages are tried in. Environment: CHROMIUM, its path. */
import { existsSync } from 'node:fs';

/** Where it lies; undefined when there is none. */
export const chromiumPath: string | undefined = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
