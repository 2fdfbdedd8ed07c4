import { z } from 'zod';

/** Schemas of the JSON that goes out; `/openapi.json` is written from them. */

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('32 bytes in lower-case hex');
const count = z.int().min(0);
const base64 = z.string().describe('standard base64 with padding');
const timestampMs = z.int().describe('milliseconds since the Unix epoch');

const problem = z
  .looseObject({
    type: z.string().describe('urn:basalt:error:<code>'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
  })
  .meta({ ref: 'Problem' });
const inclusionProofView = z
  .object({
    namespace: z.string(),
    index: count,
    size: count,
    root: hash,
    leafHash: hash,
    hashes: z.array(hash),
    checkpoint: z.string().describe('signed note (C2SP)'),
  })
  .meta({ ref: 'InclusionProof' });
const submitResult = z
  .object({
    namespace: z.string(),
    index: count,
    hash,
    status: z.enum(['accepted', 'duplicate', 'queued']),
    checkpoint: z.string().optional(),
    proof: z.object({ size: count, hashes: z.array(hash) }).optional(),
  })
  .meta({ ref: 'SubmitResult' });
const batchResult = z
  .object({
    outcomes: z.array(
      z.object({
        status: z.enum(['accepted', 'duplicate', 'queued', 'rejected']),
        namespace: z.string(),
        index: count,
        hash,
        code: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
    head: z.object({ index: count, hash }).optional().describe('where all are of one namespace'),
  })
  .meta({ ref: 'BatchResult' });
const headerView = z
  .object({
    namespace: z.string(),
    index: count,
    hash,
    version: z.int(),
    timestampMs,
    previous: hash,
    payloadHash: hash,
    payloadType: count,
    payloadTypeName: z.string(),
    payloadLength: count,
    algorithm: z.int(),
    algorithmName: z.string(),
    payloadHashKind: z.int(),
    keyId: hash,
  })
  .meta({ ref: 'Header' });
const blockJson = headerView
  .extend({
    signature: z.string().describe('hex'),
    payload: base64.optional().describe('base64; absent when large or pruned'),
    payloadText: z.string().optional().describe('where the payload is UTF-8'),
    payloadState: z.enum(['here', 'elsewhere', 'pruned']),
  })
  .meta({ ref: 'Block' });
const statusView = z
  .object({
    status: z.enum(['queued', 'committed', 'checkpointed', 'rejected']),
    namespace: z.string(),
    index: count,
    hash,
    code: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ ref: 'Status' });
const namespaceView = z
  .object({
    namespace: z.string(),
    label: z.string(),
    strategy: z.looseObject({ kind: z.string() }),
    size: count,
    headHash: hash,
    timestampMs,
    root: hash,
    checkpointSize: count,
    payloadsFrom: count,
    beginsAt: count.optional().describe('first block that is here, where it is not the first'),
    frozenAt: count.optional(),
  })
  .meta({ ref: 'Namespace' });
const namespaceDetail = namespaceView
  .extend({
    origin: z.string().describe('first line of the checkpoints'),
    verifierKey: z.string().describe('vkey line (C2SP signed-note)'),
    closedAt: count.optional().describe('index of the last block of a closed namespace'),
    continuedBy: z.string().optional().describe('the namespace that goes on'),
    keys: z.array(
      z.object({
        from: count,
        fromTimestampMs: timestampMs.optional(),
        algorithm: z.int(),
        publicKey: z.string(),
        keyId: hash,
      }),
    ),
  })
  .meta({ ref: 'NamespaceDetail' });
const headView = z
  .object({ namespace: z.string(), index: count, hash, size: count, timestampMs })
  .meta({ ref: 'Head' });
const keyBlocksView = z
  .object({
    namespace: z.string(),
    size: count,
    root: hash,
    checkpoint: z.string(),
    blocks: z.array(
      z.object({
        index: count,
        hash,
        block: base64.describe('wire form'),
        leafHash: hash,
        hashes: z.array(hash),
      }),
    ),
  })
  .meta({ ref: 'KeyBlocks' });
const multiProofView = z
  .object({
    namespace: z.string(),
    indexes: z.array(count),
    size: count,
    root: hash,
    checkpoint: z.string(),
    proof: base64,
  })
  .meta({ ref: 'MultiProof' });
const consistencyView = z
  .object({ namespace: z.string(), from: count, to: count, hashes: z.array(hash) })
  .meta({ ref: 'Consistency' });
const superProofView = z
  .object({
    namespace: z.string(),
    treeProof: base64,
    superRoot: hash,
    superBlock: base64.describe('wire form'),
    inclusion: inclusionProofView,
  })
  .meta({ ref: 'SuperProof' });
const snapshotJson = z
  .object({
    namespace: z.string(),
    height: count,
    root: hash,
    peaks: z.array(hash),
    headHash: hash,
    blockCount: count,
    totalSizeBytes: count,
    createdMs: timestampMs,
  })
  .meta({ ref: 'Snapshot' });
const forksView = z.array(z.object({ hash, url: z.string() })).meta({ ref: 'Forks' });
const health = z
  .looseObject({ status: z.enum(['ok', 'stopping', 'unavailable']), writes: z.boolean() })
  .meta({ ref: 'Health' });
const capabilities = z
  .looseObject({
    name: z.literal('basalt'),
    version: z.string(),
    roles: z.array(z.string()),
    origin: z.string(),
    superVerifierKey: z.string(),
    superNamespace: z.string(),
    blockVersions: z.array(z.int()),
    algorithms: z.array(z.int()),
    mediaTypes: z.array(z.string()),
    codings: z.array(z.string()),
    consistency: z.array(z.string()),
    handshake: z.object({ path: z.string(), sessionMs: z.int() }).optional(),
    limits: z.record(z.string(), z.int()),
    openNamespaces: z.boolean(),
    signature: z.object({ algorithm: z.int(), publicKey: z.string(), value: base64 }).optional(),
  })
  .meta({ ref: 'Capabilities' });
const hexBytes = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);
const transactionProofView = z
  .looseObject({
    transactionHash: hexBytes,
    transactionIndex: z.string(),
    ledger: z.looseObject({ namespace: z.string(), index: z.string() }),
    transactionProof: z.array(hexBytes),
    receiptProof: z.array(hexBytes),
  })
  .meta({ ref: 'TransactionProof' });
const pruneResult = z.object({ pruned: count }).meta({ ref: 'PruneResult' });

export const Problem: z.ZodType = problem;
export const InclusionProofView: z.ZodType = inclusionProofView;
export const SubmitResult: z.ZodType = submitResult;
export const BatchResult: z.ZodType = batchResult;
export const HeaderView: z.ZodType = headerView;
export const BlockJson: z.ZodType = blockJson;
export const StatusView: z.ZodType = statusView;
export const NamespaceView: z.ZodType = namespaceView;
export const NamespaceDetail: z.ZodType = namespaceDetail;
export const HeadView: z.ZodType = headView;
export const KeyBlocksView: z.ZodType = keyBlocksView;
export const MultiProofView: z.ZodType = multiProofView;
export const ConsistencyView: z.ZodType = consistencyView;
export const SuperProofView: z.ZodType = superProofView;
export const SnapshotJson: z.ZodType = snapshotJson;
export const ForksView: z.ZodType = forksView;
export const Health: z.ZodType = health;
export const Capabilities: z.ZodType = capabilities;
export const TransactionProofView: z.ZodType = transactionProofView;
export const PruneResult: z.ZodType = pruneResult;
