/** What the process ends with. Scripts rely on these numbers; they are part of the interface. */
export const EXIT = {
  ok: 0,
  /** A proof, a record or a tree did not hold. */
  failedCheck: 1,
  /** Wrong options, or input that cannot be read. */
  usage: 2,
  /** No node answered. */
  unreachable: 3,
  /** The node answered no. */
  refused: 4,
  /** Data on disk is not what it should be. */
  damaged: 5,
  /** A defect; a report says where (EX_SOFTWARE of sysexits.h). */
  crashed: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
