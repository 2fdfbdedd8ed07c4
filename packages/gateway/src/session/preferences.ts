import { PAYLOAD_BYTES_MAX, type Preferences, type WriteConsistency } from '@basalt/protocol';
import { CODINGS } from '../http/accept.ts';
import { PAGE_ROWS_MAX, QUESTION_ITEMS_MAX } from '../limits.ts';
import {
  BATCH_TYPE,
  BLOCK_TYPE,
  BLOCKS_TYPE,
  EVENTS_TYPE,
  HEADER_TYPE,
  JSON_TYPE,
} from '../media-types.ts';
import type { GatewaySettings } from '../options.ts';

const CONSISTENCY: readonly WriteConsistency[] = ['immediate', 'durable', 'eventual'];

/**
 * What this gateway can do, from what is running: the capability document and the server's side of
 * a handshake both say this and nothing else.
 */
export function nodePreferences(
  settings: Pick<GatewaySettings, 'node' | 'batchBlocksMax'>,
): Preferences {
  return {
    blockVersions: [2, 1],
    algorithms: settings.node?.algorithms ?? [],
    mediaTypes: [BLOCK_TYPE, BLOCKS_TYPE, HEADER_TYPE, BATCH_TYPE, EVENTS_TYPE, JSON_TYPE],
    codings: [...CODINGS, 'identity'],
    consistency: CONSISTENCY,
    limits: {
      payloadBytesMax: PAYLOAD_BYTES_MAX,
      batchBlocksMax: settings.batchBlocksMax,
      pageRowsMax: PAGE_ROWS_MAX,
      questionItemsMax: QUESTION_ITEMS_MAX,
    },
  };
}
