import { z } from 'zod';
import { NodeError } from './errors.ts';
import { ARCHIVES_MAX } from './limits.ts';

/** Which payloads a node lets go, and who must have them first. */
export interface RetentionKeys {
  readonly retention: string;
  readonly retentionIntervalMs: number;
  readonly archives: readonly string[];
  readonly archivesRequired: number;
}

export const RETENTION_SHAPE: {
  readonly [Key in keyof RetentionKeys]-?: z.ZodType<RetentionKeys[Key]>;
} = {
  retention: z
    .string()
    .min(1)
    .max(4_096)
    .default('none')
    .describe(
      'payloads that may go: none, after-checkpoint, keep-headers, keep-recent:<blocks>, ' +
        'keep-recent:<days>d, or a JSON file with rules',
    ),
  retentionIntervalMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(3_600_000)
    .describe('time between two passes of the retention'),
  archives: z
    .array(z.string().regex(/^https?:\/\/\S+ \S+$/, 'expected "<address> <verifier key>"'))
    .max(ARCHIVES_MAX)
    .default([])
    .describe('archives, each as "<address> <its mirror key>": nothing goes before they have it'),
  archivesRequired: z
    .int()
    .min(1)
    .max(ARCHIVES_MAX)
    .default(1)
    .describe('how many of the archives must have a payload before it may go'),
};

/**
 * The policy that is at work: an archive may give its days alone.
 *
 * @throws NodeError `bad-config` where two policies are given
 */
export function retentionOf(
  config: RetentionKeys & { readonly archiveRetentionDays?: number | undefined },
): string {
  const { retention, archiveRetentionDays: days } = config;
  if (days === undefined) return retention;
  if (retention === 'none') return `keep-recent:${days}d`;
  throw new NodeError('bad-config', 'give retention or archiveRetentionDays, not both');
}
