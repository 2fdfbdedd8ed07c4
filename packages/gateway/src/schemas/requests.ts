import { type BasicStrategy, INDEX_MAX, SNAPSHOT_BUNDLES_MAX, TILE_WIDTH } from '@basalt/protocol';
import { z } from 'zod';
import {
  NAMESPACE_SCAN_MAX,
  PAGE_ROWS_DEFAULT,
  PAGE_ROWS_MAX,
  QUESTION_ITEMS_MAX,
  SEARCH_CHARACTERS_MAX,
  SEARCH_ROWS_DEFAULT,
  SEARCH_ROWS_MAX,
  SEARCH_WORDS_MAX,
} from '../limits.ts';
import { wordsOf } from '../namespace-index.ts';

/** Schemas of paths, queries and JSON bodies: they check requests and write `/openapi.json`. */

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits in lower case')
  .describe('32 bytes in lower-case hex');
const namespaceName = z
  .string()
  .min(1)
  .max(255)
  .describe('namespace UUID, or a label that only one namespace has');
const uuid = z.string().describe('namespace UUID');
const view = z
  .enum(['json'])
  .optional()
  .describe('json: the view for people, whatever Accept says');
const flag = z.enum(['0', '1']).optional();

/** A decimal number in a query: one spelling, no sign, no exponent. */
function decimal(max: number, what: string): z.ZodType<number> {
  return z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})$/, 'expected a decimal number')
    .transform(Number)
    .refine((value) => value <= max, `expected at most ${max}`)
    .describe(`${what}; a decimal number from 0 to ${max}`);
}

export const NamespaceParams: z.ZodType<{ ns: string }> = z.object({ ns: namespaceName });
export const BlockParams: z.ZodType<{ hash: string }> = z.object({ hash });
export const IndexParams: z.ZodType<{ ns: string; index: number }> = z.object({
  ns: namespaceName,
  index: decimal(INDEX_MAX, 'block index'),
});
export const HeightParams: z.ZodType<{ ns: string; height: number }> = z.object({
  ns: namespaceName,
  height: decimal(INDEX_MAX, 'tree size'),
});
export const ChunkParams: z.ZodType<{ ns: string; height: number; chunk: number }> = z.object({
  ns: namespaceName,
  height: decimal(INDEX_MAX, 'tree size'),
  chunk: decimal(INDEX_MAX, 'chunk number'),
});
export const SuperHeightParams: z.ZodType<{ height: number }> = z.object({
  height: decimal(INDEX_MAX, 'tree size'),
});
export const LogParams: z.ZodType<{ uuid: string }> = z.object({ uuid });
const tilePath = z.string().describe('<level>/<index>[.p/<width>] or entries/<index>[.p/<width>]');
export const TileParams: z.ZodType<{ uuid: string; rest: string }> = z.object({
  uuid,
  rest: tilePath,
});
export const SuperTileParams: z.ZodType<{ rest: string }> = z.object({ rest: tilePath });

export const ViewQuery: z.ZodType<{ view?: 'json' | undefined }> = z.object({ view });
export const PayloadQuery: z.ZodType<{ type?: string | undefined }> = z.object({
  type: z.string().max(100).optional().describe('media type to show the payload as'),
});
const format = z.enum(['json', 'tlog-proof']).optional().describe('tlog-proof: the C2SP file');
type ProofFormat = 'json' | 'tlog-proof' | undefined;
export const ProofQuery: z.ZodType<{ format?: ProofFormat }> = z.object({ format });
export const ChainProofQuery: z.ZodType<{ format?: ProofFormat; index: number }> = z.object({
  format,
  index: decimal(INDEX_MAX, 'block index'),
});
const page = {
  from: decimal(INDEX_MAX, 'first row').optional(),
  count: decimal(PAGE_ROWS_MAX, `rows; ${PAGE_ROWS_DEFAULT} where absent`).optional(),
};
interface Page {
  from?: number | undefined;
  count?: number | undefined;
}
export const PageQuery: z.ZodType<Page> = z.object(page);
const words = z
  .string()
  .max(SEARCH_CHARACTERS_MAX)
  .refine(
    (text) => wordsOf(text).length <= SEARCH_WORDS_MAX,
    `expected at most ${SEARCH_WORDS_MAX}`,
  )
  .describe('words, each the beginning of a word of label, topic or region');
export const SearchQuery: z.ZodType<
  Page & {
    search?: string | undefined;
    prefix?: string | undefined;
    kind?: BasicStrategy['kind'] | undefined;
    since?: number | undefined;
    until?: number | undefined;
  }
> = z.object({
  search: words.optional(),
  prefix: z.string().max(SEARCH_CHARACTERS_MAX).optional().describe('beginning of the label'),
  kind: z
    .enum(['per-writer', 'geographic', 'topic', 'temporal', 'shard'])
    .optional()
    .describe('a part of the strategy'),
  since: decimal(INDEX_MAX, 'Unix milliseconds: records of then or later').optional(),
  until: decimal(INDEX_MAX, 'Unix milliseconds: time shards that begin before').optional(),
  from: decimal(NAMESPACE_SCAN_MAX, 'first row').optional(),
  count: decimal(SEARCH_ROWS_MAX, `rows; ${SEARCH_ROWS_DEFAULT} where absent`).optional(),
});
export const BlocksQuery: z.ZodType<
  Page & { view?: 'json' | undefined; payloads?: '0' | '1' | undefined }
> = z.object({ ...page, view, payloads: flag.describe('0: header form in binary pages') });
export const KeysQuery: z.ZodType<{
  view?: 'json' | undefined;
  proofs?: '0' | '1' | undefined;
}> = z.object({ view, proofs: flag.describe('1: JSON with an inclusion proof of each block') });
export const ProofsQuery: z.ZodType<{ indexes: number[] }> = z.object({
  indexes: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})(?:,(?:0|[1-9]\d{0,15}))*$/, 'expected numbers with commas')
    .transform((text) => [...new Set(text.split(',').map(Number))].sort((a, b) => a - b))
    .refine((list) => list.length <= QUESTION_ITEMS_MAX, `expected at most ${QUESTION_ITEMS_MAX}`)
    .refine((list) => list.every((index) => index <= INDEX_MAX), 'expected indexes below 2^53')
    .describe(`block indexes with commas between, at most ${QUESTION_ITEMS_MAX}`),
});
export const ConsistencyQuery: z.ZodType<{ from: number; to: number }> = z.object({
  from: decimal(INDEX_MAX, 'older size'),
  to: decimal(INDEX_MAX, 'newer size'),
});
export const ManifestQuery: z.ZodType<{ blocks: number }> = z.object({
  blocks: decimal(SNAPSHOT_BUNDLES_MAX * TILE_WIDTH, 'how many of the newest blocks, at least')
    .optional()
    .transform((blocks) => blocks ?? 1),
});
export const ChunkQuery: z.ZodType<{ from: number }> = z.object({
  from: decimal(INDEX_MAX, 'the beginning that the manifest names'),
});
export const ForkQuery: z.ZodType<{ namespace?: string | undefined }> = z.object({
  namespace: z.string().max(255).optional().describe('where to look first'),
});

export const FetchRequest: z.ZodType<{ hashes: string[]; proofs: boolean; payloads: boolean }> = z
  .strictObject({
    hashes: z.array(hash).min(1).max(QUESTION_ITEMS_MAX),
    proofs: z.boolean().default(false).describe('add a checkpoint and one multi-proof'),
    payloads: z.boolean().default(true).describe('false: header form'),
  })
  .meta({ ref: 'FetchRequest' });
export const PruneRequest: z.ZodType<{ namespace: string; before: number }> = z
  .strictObject({ namespace: namespaceName, before: z.int().min(0) })
  .meta({ ref: 'PruneRequest' });
