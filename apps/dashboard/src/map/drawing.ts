import type { NetworkNode, NetworkStatus } from '@basalt/telemetry';
import { LINKS_DRAWN_MAX } from '../limits.ts';
import type { MapLayout } from './layout.ts';

export const NODE_STATES = ['good', 'slow', 'away', 'lying'] as const;

/** Colours as a canvas takes them. */
export interface MapColours {
  readonly states: Readonly<Record<NetworkNode['state'], string>>;
  readonly line: string;
  readonly ring: string;
  readonly ink: string;
  readonly words: string;
  readonly ground: string;
}

/** Which part of the world a canvas shows. */
export interface Camera {
  /** World point in the middle of the canvas. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels per world unit. */
  readonly scale: number;
}

/** A canvas' context in CSS pixels, and what is to be drawn on it. */
export interface Scene {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly camera: Camera;
  readonly network: NetworkStatus;
  readonly layout: MapLayout;
  readonly colours: MapColours;
}

/** Lines in one stroke: more makes the rasteriser slow, fewer costs calls. */
const LINES_PER_STROKE = 2_000;
/** Radius of a group that is large enough for its name, in CSS pixels. */
const NAMED_PX = 26;
/** Pixels between neighbours at which even the name of a small group has room. */
const ROOMY_SCALE = 12;
/** Smallest radius of what is not good, in CSS pixels. */
const LEAST_PX = { slow: 1.6, away: 1.7, lying: 3.4 } as const;
/** A dot this far outside is not drawn. */
const BEYOND_PX = 9;

export function drawLines(scene: Scene): void {
  const { context, colours, network } = scene;
  const links = network.links.slice(0, LINKS_DRAWN_MAX);
  context.strokeStyle = colours.line;
  context.lineWidth = 0.7;
  // Many lines on one another would be a blot: the more there are, the fainter each.
  context.globalAlpha = Math.min(0.7, Math.max(0.03, 6 / Math.sqrt(links.length + 1)));
  for (let first = 0; first < links.length; first += LINES_PER_STROKE) {
    context.beginPath();
    for (const [from, to] of links.slice(first, first + LINES_PER_STROKE)) {
      context.moveTo(leftOf(scene, from), topOf(scene, from));
      context.lineTo(leftOf(scene, to), topOf(scene, to));
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** One path for each state; what needs a look is larger and comes last: nothing hides it. */
export function drawDots(scene: Scene): void {
  const { context, colours, network, camera, width, height } = scene;
  const { nodes } = network;
  const small = Math.max(0.9, Math.min(6, camera.scale * 0.34));
  for (const state of NODE_STATES) {
    const radius = state === 'good' ? small : Math.max(LEAST_PX[state], small * 1.1);
    context.beginPath();
    for (let at = 0; at < nodes.length; at++) {
      if (nodes[at]?.state !== state) continue;
      const left = leftOf(scene, at);
      const top = topOf(scene, at);
      if (left < -BEYOND_PX || left > width + BEYOND_PX) continue;
      if (top < -BEYOND_PX || top > height + BEYOND_PX) continue;
      addDot(context, state, left, top, radius);
    }
    context.fillStyle = colours.states[state];
    context.strokeStyle = colours.states[state];
    context.lineWidth = radius < 2.5 ? 0.9 : 1.5;
    if (state === 'away' || state === 'lying') context.stroke();
    else context.fill();
  }
}

/** A group's name stands over its disc, where there is room for it. */
export function drawNames({ context, colours, camera, layout, width, height }: Scene): void {
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'center';
  context.fillStyle = colours.words;
  // A rim in the colour of the ground keeps words readable on lines and dots.
  context.strokeStyle = colours.ground;
  context.lineWidth = 4;
  context.lineJoin = 'round';
  for (const { name, x, y, count } of layout.groups) {
    const half = (Math.sqrt(count - 1) + 0.5) * camera.scale;
    if (name === '' || (half < NAMED_PX && camera.scale < ROOMY_SCALE)) continue;
    const left = (x - camera.x) * camera.scale + width / 2;
    const top = (y - camera.y) * camera.scale + height / 2 - half - 5;
    context.strokeText(name, left, top);
    context.fillText(name, left, top);
  }
}

/** A ring around one node, and its links. */
export function drawChosen(scene: Scene, at: number): void {
  const { context, colours, network } = scene;
  if (at < 0 || at >= network.nodes.length) return;
  context.beginPath();
  context.strokeStyle = colours.ring;
  context.lineWidth = 1;
  for (const [from, to] of network.links) {
    if (from !== at && to !== at) continue;
    context.moveTo(leftOf(scene, from), topOf(scene, from));
    context.lineTo(leftOf(scene, to), topOf(scene, to));
  }
  context.stroke();
  context.beginPath();
  context.strokeStyle = colours.ink;
  context.lineWidth = 2;
  context.arc(leftOf(scene, at), topOf(scene, at), 8, 0, 2 * Math.PI);
  context.stroke();
}

function leftOf({ layout, camera, width }: Scene, at: number): number {
  return ((layout.x[at] ?? 0) - camera.x) * camera.scale + width / 2;
}

function topOf({ layout, camera, height }: Scene, at: number): number {
  return ((layout.y[at] ?? 0) - camera.y) * camera.scale + height / 2;
}

/** A shape for each state, so that colour is never alone: full, larger, hollow, a cross. */
function addDot(
  context: CanvasRenderingContext2D,
  state: NetworkNode['state'],
  left: number,
  top: number,
  radius: number,
): void {
  if (state === 'lying') {
    context.moveTo(left - radius, top - radius);
    context.lineTo(left + radius, top + radius);
    context.moveTo(left + radius, top - radius);
    context.lineTo(left - radius, top + radius);
    return;
  }
  // At this size a square is a dot, and costs a third.
  if (radius < 1.8) {
    context.rect(left - radius, top - radius, 2 * radius, 2 * radius);
    return;
  }
  context.moveTo(left + radius, top);
  context.arc(left, top, radius, 0, 2 * Math.PI);
}
