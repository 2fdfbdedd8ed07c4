import { h, s, setText } from './dom.ts';
import { formatCount } from './format.ts';

/** What the picture of a proof is made of; hashes in hex. */
export interface ProofPicture {
  readonly index: number;
  readonly size: number;
  readonly origin: string;
  readonly leafHash: string;
  readonly steps: readonly {
    readonly side: 'left' | 'right';
    readonly sibling: string;
    readonly parent: string;
  }[];
  /** Root that the signed checkpoint names. */
  readonly checkpointRoot: string;
  /** Whether the path leads to that root. */
  readonly holds: boolean;
}

interface Spot {
  readonly hash: string;
  /** In words, for the line below the picture and for screen readers. */
  readonly what: string;
}

const WIDTH = 360;
const CENTRE = WIDTH / 2;
const ARM = 92;
const ROW = 54;
const SEAL_HEIGHT = 64;
const DIGITS = 8;

/**
 * The way of a block to the signed checkpoint: the leaf at the bottom, at each level the sibling
 * that the proof brings on its side, the parent computed in this page above, and on top the
 * checkpoint whose root the last one must equal. Arrow keys walk along it; the whole hash of what
 * is pointed at stands below.
 */
export function drawProof(picture: ProofPicture): HTMLElement {
  const caption = h('p', { class: 'proof-caption mono' }, firstWords(picture));
  const spots: SVGGElement[] = [];
  const add = (group: SVGGElement, spot: Spot): SVGGElement => {
    group.setAttribute('tabindex', spots.length === 0 ? '0' : '-1');
    describe(group, spot, caption);
    spots.push(group);
    return group;
  };
  const rows = picture.steps.length;
  const yAt = (level: number): number => 12 + SEAL_HEIGHT + 48 + (rows - level) * ROW;
  const nodes = drawNodes(picture, yAt, add);
  const svg = s(
    'svg',
    {
      class: 'proof',
      viewBox: `0 0 ${WIDTH} ${yAt(0) + 44}`,
      role: 'group',
      'aria-label': words(picture),
    },
    ...drawLines(picture, yAt),
    ...nodes,
    s(
      'text',
      { class: 'leaf-word', x: CENTRE, y: yAt(0) + 30 },
      `block ${formatCount(picture.index)}`,
    ),
  );
  svg.addEventListener('keydown', (event) => walk(event, spots));
  const state = picture.holds ? '' : ' refused';
  return h('figure', { class: `proof-figure${state}` }, svg, caption);
}

type LevelPlace = (level: number) => number;

/** Words for a hash: in the tree of accessibility, as a tip, and below the picture. */
function describe(group: SVGGElement, spot: Spot, caption: HTMLElement): void {
  const text = `${spot.what}: ${spot.hash}`;
  const show = (): void => setText(caption, text);
  group.setAttribute('role', 'img');
  group.setAttribute('aria-label', text);
  group.append(s('title', {}, `${spot.what}\n${spot.hash}`));
  group.addEventListener('focus', show);
  group.addEventListener('pointerenter', show);
  group.addEventListener('click', show);
}

function drawLines(picture: ProofPicture, yAt: LevelPlace): SVGElement[] {
  const rows = picture.steps.length;
  const lines = picture.steps.flatMap((step, level) => {
    const x = step.side === 'left' ? CENTRE - ARM : CENTRE + ARM;
    const d = branch(x, yAt(level), yAt(level + 1));
    return [
      delayed(s('path', { class: 'edge side', d }), level),
      delayed(line(yAt(level) - 10, yAt(level + 1) + 10, 'path'), level),
    ];
  });
  const last = line(yAt(rows) - 10, 12 + SEAL_HEIGHT, picture.holds ? 'path' : 'broken');
  return [...lines, delayed(last, rows)];
}

function drawNodes(
  picture: ProofPicture,
  yAt: LevelPlace,
  add: (group: SVGGElement, spot: Spot) => SVGGElement,
): SVGElement[] {
  const { steps, holds, leafHash, index } = picture;
  const leaf = pathNode(leafHash, yAt(0), labelSide(picture, 0), 'leaf', 0);
  const what = `Leaf ${formatCount(index)}, computed in this page`;
  const nodes = [add(leaf, { hash: leafHash, what })];
  for (const [level, step] of steps.entries()) {
    const side = step.side === 'left' ? 'Left' : 'Right';
    const sibling = siblingNode(step.sibling, step.side, yAt(level));
    nodes.push(add(sibling, { hash: step.sibling, what: `${side} sibling, from the proof` }));
    const isRoot = level === steps.length - 1;
    const kind = isRoot ? (holds ? 'root' : 'root broken') : 'inner';
    const name = isRoot ? 'Root' : 'Node';
    const node = pathNode(step.parent, yAt(level + 1), labelSide(picture, level + 1), kind, level);
    nodes.push(add(node, { hash: step.parent, what: `${name}, computed in this page` }));
  }
  const root = { hash: picture.checkpointRoot, what: 'Root in the signed checkpoint' };
  nodes.push(add(drawSeal(picture), root));
  return nodes;
}

/** The words under the picture before anything is pointed at. */
function firstWords(picture: ProofPicture): string {
  return picture.holds
    ? 'Point at a hash, or walk with the arrow keys, to see it whole.'
    : 'The path does not lead to the root of the checkpoint.';
}

function words(picture: ProofPicture): string {
  const { index, size, steps, holds } = picture;
  const lead = `Inclusion proof of block ${index} in a tree of ${size}: ${steps.length} steps`;
  return holds ? `${lead} to the signed checkpoint` : `${lead}, refused`;
}

/** A label stands on the side where no sibling is. */
function labelSide(picture: ProofPicture, level: number): 'left' | 'right' {
  return picture.steps[level]?.side === 'right' ? 'left' : 'right';
}

function pathNode(
  hash: string,
  y: number,
  side: 'left' | 'right',
  kind: string,
  level: number,
): SVGGElement {
  const x = side === 'left' ? CENTRE - 17 : CENTRE + 17;
  return delayed(
    s(
      'g',
      { class: `spot ${kind}` },
      s('circle', { class: 'touch', cx: CENTRE, cy: y, r: 20 }),
      s('polygon', {
        class: 'hex',
        points: hexagon(CENTRE, y, kind.startsWith('root') ? 12 : 9.5),
      }),
      s('text', { class: `hash ${side}`, x, y: y + 4 }, hash.slice(0, DIGITS)),
    ),
    level,
  );
}

function siblingNode(hash: string, side: 'left' | 'right', y: number): SVGGElement {
  const sign = side === 'left' ? -1 : 1;
  const x = CENTRE + sign * ARM;
  return s(
    'g',
    { class: 'spot sibling' },
    s('circle', { class: 'touch', cx: x, cy: y, r: 20 }),
    s('polygon', { class: 'hex', points: hexagon(x, y, 7.5) }),
    s('text', { class: `hash ${side}`, x: x + sign * 14, y: y + 4 }, hash.slice(0, DIGITS)),
  );
}

function drawSeal(picture: ProofPicture): SVGGElement {
  const root = picture.checkpointRoot.slice(0, DIGITS);
  return s(
    'g',
    { class: picture.holds ? 'spot seal' : 'spot seal broken' },
    s('rect', { x: 30, y: 10, width: WIDTH - 60, height: SEAL_HEIGHT, rx: 10 }),
    s('text', { class: 'seal-title', x: CENTRE, y: 32 }, 'Signed checkpoint'),
    s('text', { class: 'seal-size', x: CENTRE, y: 49 }, `${formatCount(picture.size)} blocks`),
    s('text', { class: 'seal-root mono', x: CENTRE, y: 65 }, `root ${root}`),
  );
}

function line(from: number, to: number, name: string): SVGElement {
  const place = { x1: CENTRE, y1: from, x2: CENTRE, y2: to };
  return s('line', { class: `edge ${name}`, ...place, pathLength: 1 });
}

function branch(x: number, from: number, to: number): string {
  const bend = to + 8;
  return `M${x} ${from - 8} C${x} ${bend} ${CENTRE} ${from - 6} ${CENTRE} ${to + 10}`;
}

function hexagon(x: number, y: number, radius: number): string {
  return [0, 1, 2, 3, 4, 5]
    .map((corner) => {
      const angle = Math.PI / 6 + (corner * Math.PI) / 3;
      const [dx, dy] = [radius * Math.cos(angle), radius * Math.sin(angle)];
      return `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`;
    })
    .join(' ');
}

/** The level, for the style sheet: the path is drawn from the leaf up. */
function delayed<Element extends SVGElement>(element: Element, level: number): Element {
  element.style.setProperty('--level', String(level));
  return element;
}

/** One tab stop for the whole picture; arrows move within. */
function walk(event: KeyboardEvent, spots: readonly SVGGElement[]): void {
  const at = spots.indexOf(document.activeElement as SVGGElement);
  if (at === -1) return;
  const isUp = event.key === 'ArrowUp' || event.key === 'ArrowRight';
  const isDown = event.key === 'ArrowDown' || event.key === 'ArrowLeft';
  if (!isUp && !isDown) return;
  event.preventDefault();
  const next = spots[Math.min(spots.length - 1, Math.max(0, at + (isUp ? 1 : -1)))];
  spots[at]?.setAttribute('tabindex', '-1');
  next?.setAttribute('tabindex', '0');
  next?.focus();
}
