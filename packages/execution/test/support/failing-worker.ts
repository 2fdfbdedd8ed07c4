/** A worker of an executor that dies at its first task of the second block. */
import type { ExecutionPayload, ExecutionSetup } from '../../src/parallel/execution-messages.ts';
import { serveBlocks } from '../../src/parallel/serve-blocks-shell.ts';

serveBlocks<ExecutionSetup, ExecutionPayload>(() => ({
  execute: () => process.exit(1),
  validate: () => false,
  markEstimates: () => {},
}));
