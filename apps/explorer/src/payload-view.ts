import { h } from './dom.ts';
import { readPayload } from './payload-text.ts';

const KINDS = {
  empty: 'empty',
  json: 'JSON',
  csv: 'CSV line',
  text: 'text',
  binary: 'binary',
} as const;

/** What a payload is, in one word, and its readable form. */
export function showPayload(
  payload: Uint8Array,
  isRefused: boolean,
): { readonly kind: string; readonly element: HTMLElement } {
  const read = readPayload(payload);
  const state = isRefused ? ' refused' : '';
  const box = h('div', {
    class: `payload${read.kind === 'binary' ? ' hex' : ''}${state}`,
    tabindex: 0,
    role: 'region',
    'aria-label': `Payload, ${KINDS[read.kind]}`,
  });
  switch (read.kind) {
    case 'empty':
      box.append('no payload');
      break;
    case 'json':
      box.append(...colourJson(read.text));
      break;
    case 'csv':
      box.append(csvTable(read.fields));
      break;
    case 'text':
      box.append(read.text, read.cut ? dim('\n\u2026 the rest is in the raw payload') : '');
      break;
    case 'binary':
      for (const { offset, hex, text } of read.lines) {
        box.append(dim(offset), `  ${hex.padEnd(47)}  `, dim(text), '\n');
      }
      if (read.cut) box.append(dim('\u2026 the rest is in the raw payload'));
      break;
    default:
      read satisfies never;
  }
  return { kind: KINDS[read.kind], element: box };
}

/** Keys, texts and numbers of pretty-printed JSON in colours; everything stays text. */
function colourJson(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;
  let from = 0;
  for (const match of text.matchAll(token)) {
    parts.push(text.slice(from, match.index));
    const [whole, quoted, colon] = match;
    const name = quoted === undefined ? 'number' : colon === undefined ? 'string' : 'key';
    parts.push(h('span', { class: name }, quoted ?? whole), colon ?? '');
    from = match.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function csvTable(fields: readonly string[]): HTMLElement {
  const rows = fields.map((field, column) =>
    h('tr', {}, h('td', { class: 'dim' }, `${column + 1}`), h('td', {}, field)),
  );
  return h('table', {}, h('tbody', {}, ...rows));
}

function dim(text: string): HTMLElement {
  return h('span', { class: 'dim' }, text);
}
