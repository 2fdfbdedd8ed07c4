import type { NetworkNode } from '@basalt/telemetry';

export interface GroupArea {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly count: number;
}

/** Places in a world whose unit is the distance between neighbours; (0, 0) is the middle. */
export interface MapLayout {
  /** By position in the list of nodes. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly groups: readonly GroupArea[];
  /** All of it lies within this distance of the middle. */
  readonly radius: number;
}

/** 137.5 degrees: seeds of a sunflower lie so, at even distances, however many there are. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** Space around a group, in units and in parts of its radius, so that names fit between. */
const GAP = 1.5;
const GAP_PART = 0.16;

/** Groups as discs on a ring, nodes as the seeds of a sunflower: the same input, the same map. */
export function layOut(nodes: readonly Pick<NetworkNode, 'group'>[]): MapLayout {
  const members = new Map<string, number[]>();
  nodes.forEach(({ group }, at) => {
    const list = members.get(group);
    if (list === undefined) members.set(group, [at]);
    else list.push(at);
  });
  const names = [...members.keys()].sort();
  const counts = names.map((name) => members.get(name)?.length ?? 0);
  const places = placeGroups(counts);
  const x = new Float32Array(nodes.length);
  const y = new Float32Array(nodes.length);
  const groups = places.map((place, g): GroupArea => {
    const name = names[g] ?? '';
    (members.get(name) ?? []).forEach((at, i) => {
      const distance = Math.sqrt(i);
      x[at] = place.x + distance * Math.cos(i * GOLDEN_ANGLE);
      y[at] = place.y + distance * Math.sin(i * GOLDEN_ANGLE);
    });
    return { ...place, name, count: counts[g] ?? 0 };
  });
  const reach = groups.map((group) => Math.hypot(group.x, group.y) + group.radius);
  return { x, y, groups, radius: Math.max(1, ...reach) };
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** One in the middle, two side by side, more on a ring that is just wide enough. */
function placeGroups(counts: readonly number[]): Place[] {
  const radii = counts.map((count) => Math.sqrt(count) * (1 + GAP_PART) + GAP);
  const [first] = radii;
  if (first === undefined) return [];
  if (radii.length === 1) return [{ x: 0, y: 0, radius: first }];
  const ring = ringRadius(radii);
  let angle = -Math.PI / 2;
  return radii.map((radius, i) => {
    const half = Math.asin(Math.min(1, radius / ring));
    if (i > 0) angle += half;
    const place = { x: ring * Math.cos(angle), y: ring * Math.sin(angle), radius };
    angle += half;
    return place;
  });
}

/** The smallest ring on which such discs do not overlap: their angles sum up to a turn. */
function ringRadius(radii: readonly number[]): number {
  let low = Math.max(...radii);
  let high = radii.reduce((sum, radius) => sum + radius, 0) + low;
  const turn = (ring: number): number =>
    radii.reduce((sum, radius) => sum + 2 * Math.asin(Math.min(1, radius / ring)), 0);
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (turn(middle) > 2 * Math.PI) low = middle;
    else high = middle;
  }
  return high;
}
