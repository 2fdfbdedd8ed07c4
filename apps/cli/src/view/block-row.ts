import type { RefusedBlock, ServedBlock } from '@basalt/client';
import { formatBytes, formatTime } from './numbers.ts';
import { previewPayload } from './payload-preview.ts';
import { cutToWidth, type Terminal } from './terminal.ts';

/** One line about a verified block, no longer than the terminal is wide. */
export function blockRow(terminal: Terminal, served: ServedBlock): string {
  const { header } = served.block.entry;
  const mark = terminal.style('green', served.verified.inclusion ? '✓' : '·');
  const text = [
    mark,
    terminal.style('bold', String(header.index).padStart(6)),
    terminal.style('dim', formatTime(header.timestampMs)),
    formatBytes(header.payloadLength).padStart(8),
    previewPayload(header.payloadType, served.block.payload),
  ].join('  ');
  return cutToWidth(text, terminal.isLive ? terminal.columns : 160);
}

export function refusedRow(terminal: Terminal, refused: RefusedBlock): string {
  const { index, error } = refused;
  const mark = terminal.style('red', '✗');
  return `${mark}  ${String(index).padStart(6)}  refused, ${error.code}: ${error.message}`;
}
