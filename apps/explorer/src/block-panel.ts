import { type BlockReport, ClientError, proofPath, reasonOf } from '@basalt/client';
import {
  algorithmName,
  formatTlogProof,
  HASH_KIND,
  type HashKind,
  leafHash,
  type NamespaceId,
  PAYLOAD_TYPE,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  payloadTypeName,
  toHex,
} from '@basalt/protocol';
import { listChecks } from './checks-list.ts';
import { type Child, h, replace } from './dom.ts';
import { copyCommand, downloadLink } from './downloads.ts';
import { formatBytes, formatCount, formatInstant, shorten } from './format.ts';
import { chainAddress, type PageContext } from './page.ts';
import { readPayload } from './payload-text.ts';
import { showPayload } from './payload-view.ts';
import { drawProof } from './proof-drawing.ts';
import { mark, type State } from './state-mark.ts';

/** What the panel is told by the page around it. */
export interface PanelChain {
  readonly verifierKey: string;
  /** Resolves when a checkpoint covers the block, or after a while in any case. */
  whenCovered(index: number, signal: AbortSignal): Promise<void>;
}

export interface BlockPanel {
  readonly element: HTMLElement;
  show(namespace: NamespaceId, index: number): void;
  close(): void;
}

const HASH_KIND_NAMES: Readonly<Record<HashKind, string>> = {
  [HASH_KIND.sha256]: 'SHA-256',
  [HASH_KIND.sha256Tree]: 'SHA-256 tree of 16 KiB chunks',
  [HASH_KIND.blake3]: 'BLAKE3',
};

const CHANGED = 'The node, or something on the way from it, changed what was signed.';

/** One block: what it says, what of it was checked, and the way to the signed checkpoint. */
export function createBlockPanel(context: PageContext, chain: PanelChain): BlockPanel {
  const element = h('article', { class: 'card block', 'aria-live': 'off' });
  let controller = new AbortController();

  async function load(namespace: NamespaceId, index: number): Promise<void> {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    replace(element, title(namespace, index), verdict('checking', 'Checking', 'in this browser'));
    await chain.whenCovered(index, signal);
    if (signal.aborted) return;
    const startedMs = performance.now();
    try {
      const report = await context.client.examine({ namespace, index }, { signal });
      if (signal.aborted) return;
      const tookMs = performance.now() - startedMs;
      replace(element, ...content(context, report, tookMs, chain.verifierKey));
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return;
      const again = h('button', { type: 'button', onclick: () => void load(namespace, index) });
      again.append('Try again');
      const word = error.kind === 'rejected' ? 'Not here' : 'Could not be checked';
      const box = verdict('unavailable', word, error.message);
      replace(element, title(namespace, index), box, h('p', { class: 'note' }, again));
    }
  }

  return {
    element,
    show: (namespace, index) => void load(namespace, index),
    close: () => controller.abort(),
  };
}

function title(namespace: NamespaceId, index: number): HTMLElement {
  const step = (to: number, word: string): Child =>
    to >= 0 && h('a', { href: chainAddress(namespace, to) }, word);
  return h(
    'div',
    { class: 'title-row' },
    h('h2', {}, `Block ${formatCount(index)}`),
    h(
      'nav',
      { class: 'pager', 'aria-label': 'Neighbours' },
      step(index - 1, '\u2190 previous'),
      step(index + 1, 'next \u2192'),
    ),
  );
}

function verdict(state: State, word: string, text: string): HTMLElement {
  return h(
    'div',
    { class: `verdict ${state}`, role: 'status' },
    mark(state),
    h('strong', {}, word),
    h('p', {}, text),
  );
}

function content(
  context: PageContext,
  report: BlockReport,
  tookMs: number,
  verifierKey: string,
): HTMLElement[] {
  const isRefused = report.status === 'refused';
  const made = Object.values(report.verified).filter((value) => value === true).length;
  const box = isRefused
    ? verdict('refused', 'Refused', `${reasonOf(report.error)} ${CHANGED}`)
    : verdict(
        'verified',
        'Verified in this browser',
        `${made} checks hold. They took ${Math.ceil(tookMs)} ms in this page, network included.`,
      );
  return [
    title(report.namespace, report.index),
    box,
    ...payloadSection(context, report),
    section('What was checked', listChecks(report)),
    ...proofSection(report),
    ...factsSection(report),
    linksSection(report, verifierKey),
  ];
}

function section(name: string, ...children: readonly Child[]): HTMLElement {
  return h('section', {}, h('h2', {}, name), ...children);
}

function payloadSection(context: PageContext, report: BlockReport): HTMLElement[] {
  const { block } = report;
  if (block === undefined) return [];
  const { payload, entry } = block;
  if (payload === undefined) {
    return [section('Payload', h('p', { class: 'note' }, 'The node no longer keeps it.'))];
  }
  const isRefused = report.status === 'refused';
  const isChain = entry.header.payloadType === PAYLOAD_TYPE.transactionBatch;
  if (isChain && !isRefused) return [chainSection(report, payload)];
  const refers = entry.header.payloadType === PAYLOAD_TYPE.crossReference;
  if (refers && !isRefused) return [crossSection(context, report)];
  const shown = showPayload(payload, isRefused);
  const type = payloadTypeName(entry.header.payloadType);
  const words = `${shown.kind}, ${formatBytes(payload.length)}, type ${type}`;
  const warning = isRefused
    ? h('p', { class: 'note' }, 'As the node served it. Do not believe it.')
    : undefined;
  return [section('Payload', shown.element, h('p', { class: 'note' }, words), warning)];
}

/** What reads such blocks is loaded with the first one that somebody looks at. */
function chainSection(report: BlockReport, payload: Uint8Array): HTMLElement {
  const box = section('Block of a chain');
  const { namespace, index } = report;
  void import('./chain-block.ts').then(({ showChainBlock }) =>
    box.append(showChainBlock(payload, { namespace, index })),
  );
  return box;
}

function crossSection(context: PageContext, { namespace, index }: BlockReport): HTMLElement {
  const box = section('Reference');
  void import('./cross-block.ts').then(({ showCrossBlock }) =>
    box.append(showCrossBlock(context, { namespace, index })),
  );
  return box;
}

function proofSection(report: BlockReport): HTMLElement[] {
  const { proof } = report;
  if (proof === undefined) return [];
  const holds = report.verified.inclusion;
  try {
    const { origin, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
    const checkpointRoot = toHex(root);
    // From the block as served, not from what the proof says about it.
    const leaf = report.block === undefined ? proof.leafHash : leafHash(report.block.entry.bytes);
    const steps = proofPath(leaf, proof.index, proof.size, proof.hashes);
    const picture = drawProof({
      index: proof.index,
      size: proof.size,
      origin,
      leafHash: toHex(leaf),
      steps: steps.map(({ side, sibling, parent }) => ({
        side,
        sibling: toHex(sibling),
        parent: toHex(parent),
      })),
      checkpointRoot,
      holds,
    });
    const text = holds
      ? `${steps.length} hashes lead from this block to the root over all ` +
        `${formatCount(proof.size)} blocks that ${origin} has signed.`
      : 'What the node sent as a proof, drawn as it came.';
    return [section('The way to the signed checkpoint', h('p', { class: 'note' }, text), picture)];
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const text = `What the node sent as a proof cannot be drawn: ${error.message}.`;
    return [section('The way to the signed checkpoint', h('p', { class: 'note' }, text))];
  }
}

function factsSection(report: BlockReport): HTMLElement[] {
  if (report.block === undefined) return [];
  const { entry } = report.block;
  const { header } = entry;
  const pairs: (readonly [string, string, boolean])[] = [
    ['Hash', report.hash === undefined ? 'none' : toHex(report.hash), true],
    ['Previous', toHex(header.previous), true],
    ['Time', formatInstant(header.timestampMs), false],
    ['Payload hash', `${toHex(header.payloadHash)}`, true],
    ['Hash kind', HASH_KIND_NAMES[header.payloadHashKind], false],
    ['Algorithm', algorithmName(header.algorithm), false],
    ['Key id', toHex(header.keyId), true],
  ];
  if (report.status !== 'refused' && report.writer !== undefined) {
    pairs.push(['Public key', shortKey(toHex(report.writer.publicKey)), true]);
  }
  pairs.push(['Signature', shortKey(toHex(entry.signature)), true]);
  pairs.push(['Block version', String(header.version), false]);
  const items = pairs.flatMap(([name, value, isMono]) => [
    h('dt', {}, name),
    h('dd', isMono ? { class: 'mono' } : {}, value),
  ]);
  return [section('Key and signature', h('dl', { class: 'pairs' }, ...items))];
}

/** Post-quantum keys and signatures have thousands of digits. */
function shortKey(hex: string): string {
  return hex.length <= 256 ? hex : `${shorten(hex, 128)} (${hex.length / 2} bytes)`;
}

function linksSection(report: BlockReport, verifierKey: string): HTMLElement {
  const place = `/chains/${report.namespace}/blocks/${report.index}`;
  const hash = report.hash === undefined ? undefined : toHex(report.hash);
  const byHash = (path: string, word: string): Child =>
    hash !== undefined && h('a', { href: `/blocks/${hash}${path}` }, word);
  const links = h(
    'p',
    { class: 'links' },
    h('a', { href: `${place}?view=json` }, 'JSON'),
    h('a', { href: place, download: `${report.index}.block` }, 'Wire form'),
    byHash('/header', 'Header form'),
    byHash(`/payload${payloadQuery(report)}`, 'Payload'),
    byHash('/proof?format=json', 'Proof as JSON'),
  );
  const proofFile = report.status === 'refused' ? undefined : proofText(report);
  if (proofFile === undefined) {
    return section('Raw forms', links);
  }
  const name = `${report.index}.tlog-proof`;
  return section(
    'Take it with you',
    links,
    h(
      'p',
      { class: 'note' },
      'Two files and one command check this block on any machine, without this node: ',
      downloadLink(name, proofFile),
      ' and ',
      downloadLink('policy.txt', `log ${verifierKey}\nquorum none\n`),
      '.',
    ),
    copyCommand(`npx basalt verify ${name} --policy policy.txt`),
  );
}

/** Browsers show what they know the type of; the node decides which types are harmless. */
function payloadQuery(report: BlockReport): string {
  const payload = report.block?.payload;
  if (payload === undefined) return '';
  const { kind } = readPayload(payload);
  if (kind === 'json') return '?type=application/json';
  return kind === 'text' || kind === 'csv' ? '?type=text/plain' : '';
}

function proofText(report: Exclude<BlockReport, { status: 'refused' }>): string | undefined {
  const { proof, block } = report;
  if (proof === undefined || !report.verified.inclusion) return undefined;
  return formatTlogProof({
    index: proof.index,
    proof: proof.hashes,
    note: parseNote(proof.checkpoint),
    extra: block.entry.bytes,
  });
}
