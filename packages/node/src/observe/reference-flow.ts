import type { BlockEvent, CommittedPayload } from '@basalt/ledger';
import { decodeCrossReference, PAYLOAD_TYPE, ProtocolError } from '@basalt/protocol';
import { type FlowStatus, HeatMap } from '@basalt/telemetry';

/** Pairs of namespaces that are followed; the hottest thousand are never missed. */
const PAIRS_MAX = 1_024;
const HALF_LIFE_MS = 600_000;
/** Pairs that are looked at for the matrix. */
const TOP_PAIRS = 256;
/** Namespaces of the matrix, those with most references on top. */
const NAMESPACES_SHOWN = 24;
/** References of one commit that are read; more of them count as often as those on average. */
const READ_PER_COMMIT = 16;
/** What tells a namespace without a label from others, for people. */
const ID_CHARACTERS = 8;

/** Who refers to whom: blocks whose payload is a cross-reference, by pairs of namespaces. */
export class ReferenceFlow {
  readonly #pairs: HeatMap;

  constructor(clock: { nowMs(): number }) {
    this.#pairs = new HeatMap({ entriesMax: PAIRS_MAX, halfLifeMs: HALF_LIFE_MS, clock });
  }

  /** Blocks of one commit, and in the same order what they carry. */
  committed(events: readonly BlockEvent[], blocks: readonly CommittedPayload[]): void {
    const found: number[] = [];
    for (let i = 0; i < events.length; i++) {
      if (events[i]?.payloadType === PAYLOAD_TYPE.crossReference) found.push(i);
    }
    if (found.length === 0) return;
    // Spread over the commit: who writes it could put others behind a bound.
    const step = Math.max(1, found.length / READ_PER_COMMIT);
    for (let at = 0; at < found.length; at += step) {
      const i = found[Math.floor(at)] as number;
      const target = targetOf(blocks[i]?.payload);
      const from = events[i]?.namespace;
      if (target !== undefined && target !== from) this.#pairs.touch(`${from} ${target}`, step);
    }
  }

  /** @param labelsOf in the order of the question; empty where there is none */
  status(labelsOf: (namespaces: readonly string[]) => readonly string[]): FlowStatus {
    const pairs = this.#pairs.top(TOP_PAIRS).map(({ key, weight }) => {
      const [from = '', to = ''] = key.split(' ');
      return { from, to, weight };
    });
    const totals = new Map<string, number>();
    for (const { from, to, weight } of pairs) {
      for (const end of [from, to]) totals.set(end, (totals.get(end) ?? 0) + weight);
    }
    const shown = [...totals]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, NAMESPACES_SHOWN)
      .map(([namespace]) => namespace);
    const place = new Map(shown.map((namespace, i) => [namespace, i]));
    const counts = shown.map(() => shown.map(() => 0));
    for (const { from, to, weight } of pairs) {
      const row = counts[place.get(from) ?? -1];
      const column = place.get(to);
      if (row !== undefined && column !== undefined) row[column] = Math.round(weight * 10) / 10;
    }
    const names = labelsOf(shown);
    const labels = shown.map((namespace, i) => {
      const id = namespace.slice(0, ID_CHARACTERS);
      const name = names[i] ?? '';
      return name === '' ? id : `${name} (${id})`;
    });
    return { labels, counts };
  }
}

/** undefined: not a reference, whatever the block says of it. */
function targetOf(payload: Uint8Array | undefined): string | undefined {
  try {
    return payload && decodeCrossReference(payload).targetNamespace;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
