import type { WriteConsistency } from '@basalt/protocol';
import type { Context } from '../context.ts';
import type { LoadTransport } from './http.ts';
import type { Outcome } from './open-loop.ts';

export const PROFILE_NAMES = ['reads', 'append', 'mixed', 'transactions'] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];

/** A kind of load, ready to send. */
export interface Profile {
  /** "block", "request". */
  readonly noun: string;
  send(transport: LoadTransport): Promise<Outcome>;
}

export interface LoadParts {
  readonly context: Context;
  readonly url: string;
  /** Requests a second, and for how long. */
  readonly rate: number;
  readonly seconds: number;
  /** Requests under way at once, at most. */
  readonly concurrency: number;
  readonly payloadBytes: number;
  /** Of appends: when they are answered. */
  readonly consistency: WriteConsistency;
  readonly uniform: () => number;
}
