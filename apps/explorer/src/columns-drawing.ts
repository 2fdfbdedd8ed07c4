import { h, s } from './dom.ts';
import { formatCount } from './format.ts';

/** One namespace in the picture. */
export interface Column {
  readonly namespace: string;
  readonly label: string;
  readonly size: number;
  readonly state: 'checking' | 'verified' | 'refused';
}

export interface ColumnsDrawing {
  readonly element: HTMLElement;
  /** Draws what is there now; a namespace that grew gets a short glow. */
  update(columns: readonly Column[]): void;
}

const RADIUS = 30;
/** The floor is seen at a slant. */
const SQUASH = 0.52;
const WIDTH = 400;
const HEIGHT = 290;
const HEIGHT_MAX = 150;
const CENTRE_X = WIDTH / 2;
const CENTRE_Y = 206;

type Point = readonly [x: number, y: number];

/** Places of a honeycomb, the middle first; the farther out, the fainter the floor. */
const PLACES: readonly { readonly at: Point; readonly far: number }[] = makePlaces();

/** Namespaces that have a place in the picture; the list below it has all. */
const COLUMNS_MAX = 19;

/** Height in units of the drawing: each doubling of a chain adds the same. */
export function columnHeight(size: number): number {
  return Math.min(HEIGHT_MAX, 16 + 9 * Math.log2(1 + size));
}

/**
 * Namespaces as columns of basalt: side by side, each growing by itself. The height is the
 * logarithm of the size, the top's colour says whether the newest block was verified in this page.
 */
export function createColumnsDrawing(): ColumnsDrawing {
  const floor = PLACES.map(({ at, far }) => {
    const tile = s('polygon', { class: 'floor', points: points(hexagon(at, RADIUS)) });
    tile.style.setProperty('--far', far.toFixed(2));
    return tile;
  });
  const standing = s('g');
  const svg = s('svg', { class: 'columns', viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, ...floor, standing);
  const element = h('figure', { class: 'columns-figure' }, svg);
  let sizes = new Map<string, number>();
  let places = new Map<string, Point>();

  function update(all: readonly Column[]): void {
    const columns = all.slice(0, COLUMNS_MAX);
    // Once given, a place is kept while the same namespaces are there: nothing jumps about.
    if (columns.length !== places.size || columns.some((one) => !places.has(one.namespace))) {
      places = givePlaces(columns);
    }
    const placed = columns.map((column) => ({
      column,
      at: places.get(column.namespace) ?? ([CENTRE_X, CENTRE_Y] as const),
    }));
    // What stands behind is painted first.
    placed.sort((a, b) => a.at[1] - b.at[1]);
    const groups = placed.map(({ column, at }) => {
      const before = sizes.get(column.namespace) ?? column.size;
      return drawColumn(column, at, column.size > before);
    });
    sizes = new Map(columns.map(({ namespace, size }) => [namespace, size]));
    standing.replaceChildren(...groups);
    const tallest = Math.max(40, ...placed.map(({ column, at }) => columnTop(column.size, at)));
    // In steps, so that the picture does not creep while chains grow.
    const above = Math.min(CENTRE_Y, Math.ceil(tallest / 24) * 24 + 8);
    const height = HEIGHT - CENTRE_Y + above;
    svg.setAttribute('viewBox', `0 ${CENTRE_Y - above} ${WIDTH} ${height}`);
  }

  return { element, update };
}

/** Large chains stand behind small ones, so that all are seen. */
function givePlaces(columns: readonly Column[]): Map<string, Point> {
  const spots = PLACES.slice(0, columns.length).map(({ at }) => at);
  spots.sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const bySize = columns.toSorted((a, b) => b.size - a.size);
  return new Map(bySize.map(({ namespace }, rank) => [namespace, spots[rank] as Point]));
}

function makePlaces(): { at: Point; far: number }[] {
  const places: { at: Point; far: number }[] = [];
  for (let column = -5; column <= 5; column++) {
    for (let row = -3; row <= 3; row++) {
      const across = column * 1.5 * RADIUS;
      const along = (row + (column % 2 === 0 ? 0 : 0.5)) * Math.sqrt(3) * RADIUS;
      const far = Math.hypot(across, along) / (4.9 * RADIUS);
      if (far < 1) places.push({ at: [CENTRE_X + across, CENTRE_Y + along * SQUASH], far });
    }
  }
  return places.sort((a, b) => a.far - b.far);
}

/** How far a column's top rises above the middle of the floor. */
function columnTop(size: number, at: Point): number {
  return columnHeight(size) + CENTRE_Y - at[1] + RADIUS * SQUASH;
}

/** Six corners of a hexagon on the floor, clockwise from the right. */
function hexagon([x, y]: Point, radius: number): Point[] {
  return [0, 1, 2, 3, 4, 5].map((corner) => {
    const angle = (corner * Math.PI) / 3;
    return [x + radius * Math.cos(angle), y + radius * SQUASH * Math.sin(angle)] as const;
  });
}

function drawColumn(column: Column, at: Point, grew: boolean): SVGElement {
  const height = columnHeight(column.size);
  const bottom = hexagon(at, RADIUS - 1);
  const top = bottom.map(([x, y]): Point => [x, y - height]);
  const face = (from: number, to: number, name: string): SVGElement =>
    s('polygon', {
      class: `face ${name}`,
      points: points([top[from], top[to], bottom[to], bottom[from]]),
    });
  const joints: SVGElement[] = [];
  for (let down = 18; down < height - 6; down += 18) {
    const ring = top.slice(0, 4).map(([x, y]): Point => [x, y + down]);
    joints.push(s('polyline', { class: 'joint', points: points(ring) }));
  }
  const title = `${column.label || column.namespace}: ${formatCount(column.size)} blocks`;
  return s(
    'a',
    {
      class: `column ${column.state}${grew ? ' grew' : ''}`,
      href: `#/ns/${column.namespace}`,
      tabindex: -1,
    },
    s('title', {}, title),
    face(0, 1, 'right'),
    face(1, 2, 'front'),
    face(2, 3, 'left'),
    ...joints,
    s('polygon', { class: 'cap', points: points(top) }),
  );
}

function points(corners: readonly (Point | undefined)[]): string {
  return corners
    .filter((corner) => corner !== undefined)
    .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`)
    .join(' ');
}
