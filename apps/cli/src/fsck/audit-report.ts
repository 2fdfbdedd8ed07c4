/** Something that does not hold. */
export interface AuditFinding {
  readonly code: string;
  readonly namespace: string | undefined;
  readonly index: number | undefined;
  readonly message: string;
}

export interface AuditReport {
  readonly namespaces: number;
  readonly blocks: number;
  readonly findings: number;
  /** What was looked at, in words. */
  readonly checked: string;
}

export interface AuditWatch {
  readonly onProgress: (blocks: number, total: number) => void;
  readonly onFinding: (finding: AuditFinding) => void;
}
