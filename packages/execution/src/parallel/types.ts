/** Sums over all workers of a block. */
export interface SchedulerStatistics {
  /** Attempts, those that met an estimate included. */
  readonly executions: number;
  readonly validations: number;
  readonly aborts: number;
  readonly suspensions: number;
}
