import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows as aligned columns, two spaces apart; the last column is not padded. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const widthOf = (text: string): number => stripVTControlCharacters(text).length;
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ''))));
  return lines.map((line) =>
    line
      .map((text, at) => {
        const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
        if (columns[at]?.align === 'right') return padding + text;
        return at === line.length - 1 ? text : text + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
