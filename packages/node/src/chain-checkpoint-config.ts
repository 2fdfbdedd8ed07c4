import { z } from 'zod';

/** Checkpoints that the node writes into its own chains, and who stamps them. */
export interface ChainCheckpointKeys {
  readonly chainCheckpointBlocks: number;
  readonly chainCheckpointMs: number;
  readonly timestampUrl?: string | undefined;
  readonly timestampCaFile?: string | undefined;
}

export const CHAIN_CHECKPOINT_SHAPE: {
  readonly [Key in keyof ChainCheckpointKeys]-?: z.ZodType<ChainCheckpointKeys[Key]>;
} = {
  chainCheckpointBlocks: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('blocks between checkpoints inside the super-log and host chains; 0 for none'),
  chainCheckpointMs: z
    .int()
    .min(1_000)
    .max(30 * 86_400_000)
    .default(3_600_000)
    .describe('longest time between two of them while the chain grows'),
  timestampUrl: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https://' })
    .optional()
    .describe('authority (RFC 3161) that stamps checkpoints inside chains; none if absent'),
  timestampCaFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM certificates that are believed about its stamps; needed with timestampUrl'),
};
