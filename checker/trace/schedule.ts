/**
 * Stored schedules: a counterexample as a few lines of text, written with names. The unit kept in git and pasted
 * in mail.
 */

export interface ScheduleMove {
  readonly actor: string;
  readonly procedure: string;
  readonly label: string;
  readonly choice: string | null;
  /** Line of the file, from 1; 0 when it was not read from one. */
  readonly line: number;
}

export interface Schedule {
  readonly scenario: string;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  readonly modelHash: string;
  readonly property: string;
  readonly signature: string;
  readonly moves: readonly ScheduleMove[];
}
