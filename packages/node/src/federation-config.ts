import { z } from 'zod';
import { ORIGIN_KEYS_MAX, RELAY_HOPS_MAX, UPSTREAMS_MAX } from './limits.ts';

export const ROLES = ['origin', 'relay', 'archive', 'witness', 'cache'] as const;
export type Role = (typeof ROLES)[number];

/** What a witness can cosign with (c2sp.org/tlog-cosignature). */
export const WITNESS_ALGORITHMS = ['ed25519', 'ml-dsa-44'] as const;
export type WitnessAlgorithm = (typeof WITNESS_ALGORITHMS)[number];

/** What a node is told about other nodes. */
export interface FederationKeys {
  readonly roles: readonly Role[];
  readonly upstreams: readonly string[];
  readonly federation?: boolean | undefined;
  readonly publicUrl?: string | undefined;
  readonly originKeys: readonly string[];
  readonly acceptUnsignedRelay: boolean;
  readonly maxRelayHops: number;
  readonly discovery: boolean;
  readonly followDiscovered: boolean;
  readonly compareIntervalMs: number;
  readonly cachePopularThreshold: number;
  readonly cacheDiskBytesMax: number;
  readonly cacheForwardWrites: boolean;
  readonly archiveRetentionDays?: number | undefined;
  readonly mirrorName?: string | undefined;
  readonly witnessPolicyFile?: string | undefined;
  readonly publishUnwitnessed: boolean;
  readonly witnessName?: string | undefined;
  readonly witnessAlgorithms: readonly WitnessAlgorithm[];
  readonly witnessKeyFile?: string | undefined;
  readonly witnessMlDsaKeyFile?: string | undefined;
  readonly witnessBlsKeyFile?: string | undefined;
  readonly witnessLogsFile?: string | undefined;
}

const keyName = z
  .string()
  .regex(/^[^\s+]{1,200}$/, 'expected 1 to 200 characters without white space and +');

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected http:// or https://' });

export const FEDERATION_SHAPE: {
  readonly [Key in keyof FederationKeys]-?: z.ZodType<FederationKeys[Key]>;
} = {
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .refine((roles) => new Set(roles).size === roles.length, 'expected every role once')
    .refine((roles) => roles.length === 1 || !roles.includes('cache'), 'a cache has no other role')
    .default(['origin'])
    .describe(`what this node does: ${ROLES.join(', ')}`),
  upstreams: z
    .array(httpUrl)
    .max(UPSTREAMS_MAX)
    .default([])
    .describe(
      'nodes to copy (relay, archive), watch (witness), ask (cache), tell of blocks (origin)',
    ),
  federation: z
    .boolean()
    .optional()
    .describe('answer peers; by default where there are upstreams or a role that copies'),
  publicUrl: httpUrl.optional().describe('address of this node for peers, where it has another'),
  originKeys: z
    .array(z.string().min(1).max(4_096))
    .max(ORIGIN_KEYS_MAX)
    .default([])
    .describe('verifier keys of the origins to copy; told by the upstreams at first use if none'),
  acceptUnsignedRelay: z
    .boolean()
    .default(false)
    .describe('take announcements and blocks of peers that do not sign'),
  maxRelayHops: z
    .int()
    .min(1)
    .max(RELAY_HOPS_MAX)
    .default(8)
    .describe('nodes that an announcement may pass'),
  discovery: z.boolean().default(false).describe('meet peers that other peers tell of'),
  followDiscovered: z
    .boolean()
    .default(false)
    .describe('copy namespaces of met peers too; strangers could then fill the disk'),
  compareIntervalMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(10_000)
    .describe('time between comparisons with each peer'),
  cachePopularThreshold: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(3)
    .describe('role cache: an answer goes to disk when it is asked for so often'),
  cacheDiskBytesMax: z
    .int()
    .min(1024 * 1024)
    .max(Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe('role cache: bytes on disk'),
  cacheForwardWrites: z
    .boolean()
    .default(false)
    .describe('role cache: pass submissions on to the first upstream'),
  archiveRetentionDays: z
    .int()
    .min(1)
    .max(36_500)
    .optional()
    .describe('role archive: older payloads are let go; kept for ever if absent'),
  mirrorName: keyName
    .optional()
    .describe('role archive: name of its key; <origin>/mirror if absent'),
  witnessPolicyFile: z
    .string()
    .min(1)
    .optional()
    .describe('tlog-policy: witnesses that have to cosign the super-log before it is published'),
  publishUnwitnessed: z
    .boolean()
    .default(false)
    .describe('publish without the quorum of the policy rather than wait for it'),
  witnessName: keyName
    .optional()
    .describe('role witness: name of its key; <origin>/witness if absent'),
  witnessAlgorithms: z
    .array(z.enum(WITNESS_ALGORITHMS))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'expected every algorithm once')
    .default(['ed25519'])
    .describe('role witness: what it cosigns with, a key and a line each: ed25519, ml-dsa-44'),
  witnessKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('role witness: its Ed25519 key; <dataDir>/witness.key if absent'),
  witnessMlDsaKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('role witness: its ML-DSA-44 key; <dataDir>/witness-ml-dsa-44.key if absent'),
  witnessBlsKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('role witness: key file of whose secret a BLS key is made; no BLS key if absent'),
  witnessLogsFile: z
    .string()
    .min(1)
    .optional()
    .describe('role witness: logs/v0 list; <dataDir>/witness-logs.txt, made of the upstreams'),
};
