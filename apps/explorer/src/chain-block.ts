import {
  type CheckedTransaction,
  ClientError,
  checkTransaction,
  readTransactionProof,
  reasonOf,
} from '@basalt/client';
import {
  type ChainPayload,
  type ChainTransaction,
  decodeChainPayload,
  decodeChainTransaction,
  type NamespaceId,
  PAYLOAD_TYPE,
  ProtocolError,
  toHex,
} from '@basalt/protocol';
import { h, replace } from './dom.ts';
import { formatCount, formatInstant, shorten } from './format.ts';
import { type State, stateMark } from './state-mark.ts';

/** The ledger block around the payload, which was verified before. */
export interface ChainPlace {
  readonly namespace: NamespaceId;
  readonly index: number;
}

/** Rows of a table; a block of small transfers has 1,400. */
const ROWS_MAX = 100;

/** Proofs that the page asks for by itself; the others on a click. */
const PROVEN_AT_ONCE = 10;

/** A block of an Ethereum chain in a verified payload, each transaction proven on its own. */
export function showChainBlock(payload: Uint8Array, place: ChainPlace): HTMLElement {
  const box = h('div', { class: 'chain-block' });
  try {
    replace(box, ...contentOf(decodeChainPayload(payload), payload, place));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    replace(box, h('p', { class: 'note' }, `The payload cannot be read: ${error.message}.`));
  }
  return box;
}

function contentOf(entry: ChainPayload, payload: Uint8Array, place: ChainPlace): HTMLElement[] {
  if (entry.kind === 'rewind') {
    const number = formatCount(entry.number);
    const text = `The chain goes back to block ${number}; later ones count no more.`;
    return [h('p', { class: 'note' }, text)];
  }
  const { header, transactions } = entry;
  const share = Number((header.gasUsed * 1_000n) / header.gasLimit) / 10;
  const pairs: readonly (readonly [string, string])[] = [
    ['Number', formatCount(Number(header.number))],
    ['Block hash', `0x${toHex(header.hash)}`],
    ['Time', formatInstant(Number(header.timestamp) * 1_000)],
    ['Gas used', `${formatCount(Number(header.gasUsed))} (${share} %)`],
    ['State root', `0x${toHex(header.stateRoot)}`],
    ['Transactions', formatCount(transactions.length)],
  ];
  const items = pairs.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
  const facts = h('dl', { class: 'pairs' }, ...items);
  const notes = [devnetNote(entry)].filter((note) => note !== undefined);
  if (transactions.length === 0) return [facts, ...notes];
  return [facts, ...notes, transactionTable(transactions, payload, place)];
}

function devnetNote(entry: Extract<ChainPayload, { kind: 'block' }>): HTMLElement | undefined {
  const { interventionCount: changes, unsignedCount: unsigned } = entry;
  if (changes === 0 && unsigned === 0) return undefined;
  const text =
    `On this development chain ${changes} accounts were changed by hand before this block, and ` +
    `${unsigned} of its transactions carry no signature.`;
  return h('p', { class: 'note' }, text);
}

function transactionTable(
  transactions: readonly Uint8Array[],
  payload: Uint8Array,
  place: ChainPlace,
): HTMLElement {
  const rows = transactions.slice(0, ROWS_MAX).map((bytes, at) => {
    const { row, prove } = transactionRow(decodeChainTransaction(bytes), payload, place);
    if (at < PROVEN_AT_ONCE) void prove();
    return row;
  });
  const hidden = transactions.length - rows.length;
  const more = hidden > 0 && h('p', { class: 'note' }, `${formatCount(hidden)} more.`);
  const head = ['Transaction', 'To', 'Value', 'Receipt', 'Proof'].map((title) =>
    h('th', { scope: 'col' }, title),
  );
  const table = h(
    'table',
    { class: 'transactions' },
    h('thead', {}, h('tr', {}, ...head)),
    h('tbody', {}, ...rows),
  );
  return h('div', { class: 'payload', tabindex: 0, role: 'region' }, table, more);
}

function transactionRow(
  transaction: ChainTransaction,
  payload: Uint8Array,
  place: ChainPlace,
): { row: HTMLElement; prove: () => Promise<void> } {
  const hash = toHex(transaction.hash);
  const to = transaction.to === undefined ? 'a new contract' : `0x${toHex(transaction.to)}`;
  const receipt = h('td', {});
  const state = h('td', {});
  const button = h('button', { type: 'button', onclick: () => void prove() }, 'prove');
  state.append(button);

  function show(word: State, text = ''): void {
    const mark = stateMark(word);
    if (text !== '') mark.title = text;
    replace(state, mark, text !== '' && h('p', { class: 'note' }, text));
  }

  async function prove(): Promise<void> {
    show('checking');
    try {
      replace(receipt, describeReceipt(await proveTransaction(hash, payload, place)));
      show('verified');
    } catch (error) {
      if (!(error instanceof ClientError)) show('unavailable', String(error));
      else show(error.kind === 'refused' ? 'refused' : 'unavailable', reasonOf(error));
    }
  }

  const row = h(
    'tr',
    { 'data-hash': hash },
    h('td', { class: 'mono', title: `0x${hash}` }, `0x${shorten(hash)}`),
    h('td', { class: 'mono', title: to }, shorten(to, 10)),
    h('td', {}, formatEther(transaction.value)),
    receipt,
    state,
  );
  return { row, prove };
}

/** Asks the node for the nodes of both tries and checks them in this page. */
async function proveTransaction(
  hash: string,
  payload: Uint8Array,
  place: ChainPlace,
): Promise<CheckedTransaction> {
  const response = await fetch(`/transactions/${hash}/proof`);
  if (!response.ok) {
    throw new ClientError('unavailable', 'not-found', 'the node gives no proof of it');
  }
  const read = readTransactionProof(await response.json());
  // The payload that the page has verified counts, not where the answer says that it lies.
  const proof = { ...read, ...place };
  const checked = checkTransaction({ payloadType: PAYLOAD_TYPE.transactionBatch, payload }, proof);
  if (toHex(checked.transaction.hash) === hash) return checked;
  throw new ClientError('refused', 'wrong-block', 'the proof is about another transaction');
}

function describeReceipt({ receipt }: CheckedTransaction): string {
  const word = receipt.succeeded === false ? 'failed' : 'succeeded';
  return `${word}, ${formatCount(receipt.logs.length)} logs`;
}

/** Wei as ether, to the last digit. */
function formatEther(wei: bigint): string {
  const digits = wei.toString().padStart(19, '0');
  const fraction = digits.slice(-18).replace(/0+$/, '');
  return `${digits.slice(0, -18)}${fraction === '' ? '' : `.${fraction}`} ETH`;
}
