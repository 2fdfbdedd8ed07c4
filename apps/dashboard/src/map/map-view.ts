import type { NetworkNode, NetworkStatus } from '@basalt/telemetry';
import { LINKS_DRAWN_MAX } from '../limits.ts';
import { layOut, type MapLayout } from './layout.ts';

export const NODE_STATES = ['good', 'slow', 'away', 'lying'] as const;

/** Colours as a canvas takes them. */
export interface MapColours {
  readonly states: Readonly<Record<NetworkNode['state'], string>>;
  readonly line: string;
  readonly ring: string;
  readonly ink: string;
  readonly words: string;
}

interface Camera {
  /** World point in the middle of the canvas. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels per world unit. */
  readonly scale: number;
}

/** Lines in one stroke: more makes the rasteriser slow, fewer costs calls. */
const LINES_PER_STROKE = 2_000;
/** The still layer reaches so much over each edge that small moves show no end of it. */
const MARGIN = 0.25;
/** After this pause in moving, lines are drawn anew for where the map stands. */
const SETTLE_MS = 140;
const ZOOM_MAX = 60;
/** How far from a node a pointer still means it, in CSS pixels. */
const REACH_PX = 14;

/**
 * The network on a canvas. Lines and names lie on a still layer that is drawn once per place and
 * size; a frame is that picture and the dots, one path for each state.
 */
export class MapView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #still: HTMLCanvasElement;
  readonly #stillContext: CanvasRenderingContext2D;
  #stillCamera: Camera | undefined;
  #network: NetworkStatus = { self: '', nodes: [], links: [] };
  #layout: MapLayout = layOut([]);
  #colours: MapColours;
  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #isMoved = false;
  #selected = -1;
  #width = 1;
  #height = 1;
  #ratio = 1;
  #frame = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, colours: MapColours) {
    this.#canvas = canvas;
    this.#still = document.createElement('canvas');
    this.#context = contextOf(canvas);
    this.#stillContext = contextOf(this.#still);
    this.#colours = colours;
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settling);
  }

  /** Takes what the node tells; places stay when only states have changed. */
  show(network: NetworkStatus): void {
    const isSame = hasSamePlaces(this.#network, network);
    this.#network = network;
    if (!isSame) {
      this.#layout = layOut(network.nodes);
      this.#stillCamera = undefined;
      if (!this.#isMoved) this.#camera = this.#whole();
    }
    this.#redraw();
  }

  paint(colours: MapColours): void {
    this.#colours = colours;
    this.#stillCamera = undefined;
    this.#redraw();
  }

  /** In CSS pixels. */
  resize(width: number, height: number, ratio: number): void {
    this.#width = Math.max(1, width);
    this.#height = Math.max(1, height);
    // Beyond two device pixels nobody sees a difference, and each one has to be filled.
    this.#ratio = Math.min(2, Math.max(1, ratio));
    this.#canvas.width = Math.round(this.#width * this.#ratio);
    this.#canvas.height = Math.round(this.#height * this.#ratio);
    this.#stillCamera = undefined;
    if (!this.#isMoved) this.#camera = this.#whole();
    this.#redraw();
  }

  /** A node gets a ring; -1: none. */
  select(at: number): void {
    if (at === this.#selected) return;
    this.#selected = at;
    this.#redraw();
  }

  /** In CSS pixels of the canvas; -1 where no node is near. */
  nodeAt(left: number, top: number): number {
    const { x, y } = this.#layout;
    const { scale } = this.#camera;
    const wantedX = this.#camera.x + (left - this.#width / 2) / scale;
    const wantedY = this.#camera.y + (top - this.#height / 2) / scale;
    let best = (REACH_PX / scale) ** 2;
    let found = -1;
    for (let at = 0; at < x.length; at++) {
      const distance = ((x[at] ?? 0) - wantedX) ** 2 + ((y[at] ?? 0) - wantedY) ** 2;
      if (distance >= best) continue;
      best = distance;
      found = at;
    }
    return found;
  }

  /** The nearest node in a direction, for arrow keys; `at` itself where there is none. */
  neighbour(at: number, towardsX: number, towardsY: number): number {
    const { x, y } = this.#layout;
    const fromX = x[at];
    const fromY = y[at];
    if (fromX === undefined || fromY === undefined) return x.length > 0 ? 0 : -1;
    let best = Number.POSITIVE_INFINITY;
    let found = at;
    for (let other = 0; other < x.length; other++) {
      const awayX = (x[other] ?? 0) - fromX;
      const awayY = (y[other] ?? 0) - fromY;
      const along = awayX * towardsX + awayY * towardsY;
      const aside = Math.abs(awayX * towardsY - awayY * towardsX);
      if (along <= 0.01 || aside > along) continue;
      const cost = along + aside;
      if (cost >= best) continue;
      best = cost;
      found = other;
    }
    return found;
  }

  /** In CSS pixels. */
  panBy(left: number, top: number): void {
    const { x, y, scale } = this.#camera;
    this.#move({ x: x - left / scale, y: y - top / scale, scale });
  }

  zoomBy(factor: number): void {
    const { x, y, scale } = this.#camera;
    const { scale: least } = this.#whole();
    this.#move({ x, y, scale: Math.min(ZOOM_MAX, Math.max(least / 2, scale * factor)) });
  }

  reset(): void {
    this.#move(this.#whole());
    this.#isMoved = false;
  }

  /** Brings a node into the picture where it is outside. */
  reveal(at: number): void {
    const x = this.#layout.x[at];
    const y = this.#layout.y[at];
    if (x === undefined || y === undefined) return;
    const isInside =
      Math.abs(x - this.#camera.x) * this.#camera.scale < this.#width / 2 - REACH_PX &&
      Math.abs(y - this.#camera.y) * this.#camera.scale < this.#height / 2 - REACH_PX;
    if (!isInside) this.#move({ x, y, scale: this.#camera.scale });
  }

  #move(camera: Camera): void {
    this.#isMoved = true;
    this.#camera = camera;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#stillCamera = undefined;
      this.#redraw();
    }, SETTLE_MS);
    this.#redraw();
  }

  #whole(): Camera {
    const half = Math.min(this.#width, this.#height) / 2 - 22;
    return { x: 0, y: 0, scale: Math.max(0.1, Math.min(half / this.#layout.radius, 26)) };
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#stillCamera === undefined) this.#drawStill();
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    this.#placeStill(context);
    this.#drawDots(context);
    this.#drawSelected(context);
  }

  #placeStill(context: CanvasRenderingContext2D): void {
    const still = this.#stillCamera;
    if (still === undefined) return;
    const zoom = this.#camera.scale / still.scale;
    const width = this.#width * (1 + 2 * MARGIN) * zoom;
    const height = this.#height * (1 + 2 * MARGIN) * zoom;
    const left = this.#width / 2 + (still.x - this.#camera.x) * this.#camera.scale - width / 2;
    const top = this.#height / 2 + (still.y - this.#camera.y) * this.#camera.scale - height / 2;
    context.drawImage(this.#still, left, top, width, height);
  }

  #drawStill(): void {
    const { x, y, scale } = this.#camera;
    this.#stillCamera = this.#camera;
    const width = this.#width * (1 + 2 * MARGIN);
    const height = this.#height * (1 + 2 * MARGIN);
    this.#still.width = Math.round(width * this.#ratio);
    this.#still.height = Math.round(height * this.#ratio);
    const context = this.#stillContext;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    const left = (at: number): number => ((this.#layout.x[at] ?? 0) - x) * scale + width / 2;
    const top = (at: number): number => ((this.#layout.y[at] ?? 0) - y) * scale + height / 2;
    const links = this.#network.links.slice(0, LINKS_DRAWN_MAX);
    context.strokeStyle = this.#colours.line;
    context.lineWidth = 0.7;
    // Many lines on one another would be a blot: the more there are, the fainter each.
    context.globalAlpha = Math.min(1, Math.max(0.1, 24 / Math.sqrt(links.length + 1)));
    for (let first = 0; first < links.length; first += LINES_PER_STROKE) {
      context.beginPath();
      for (const [from, to] of links.slice(first, first + LINES_PER_STROKE)) {
        context.moveTo(left(from), top(from));
        context.lineTo(left(to), top(to));
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #drawDots(context: CanvasRenderingContext2D): void {
    const { nodes } = this.#network;
    const { scale } = this.#camera;
    const small = Math.max(0.9, Math.min(6, scale * 0.34));
    for (const state of NODE_STATES) {
      // What needs a look is larger and comes last, so that nothing hides it.
      const radius = state === 'good' ? small : Math.max(2.6, small * 1.15);
      context.beginPath();
      for (let at = 0; at < nodes.length; at++) {
        if (nodes[at]?.state !== state) continue;
        const left = this.#left(at);
        const top = this.#top(at);
        if (left < -9 || top < -9 || left > this.#width + 9 || top > this.#height + 9) continue;
        addDot(context, state, left, top, radius);
      }
      context.fillStyle = this.#colours.states[state];
      context.strokeStyle = this.#colours.states[state];
      context.lineWidth = 1.4;
      if (state === 'away' || state === 'lying') context.stroke();
      else context.fill();
    }
    this.#drawNames(context);
  }

  /** A group's name stands over its disc, where there is room for it. */
  #drawNames(context: CanvasRenderingContext2D): void {
    context.font = '12px system-ui, sans-serif';
    context.textAlign = 'center';
    context.fillStyle = this.#colours.words;
    for (const { name, x, y, radius } of this.#layout.groups) {
      const half = radius * this.#camera.scale;
      if (name === '' || half < 16) continue;
      const left = (x - this.#camera.x) * this.#camera.scale + this.#width / 2;
      const top = (y - this.#camera.y) * this.#camera.scale + this.#height / 2 - half + 3;
      context.fillText(name, left, Math.max(12, top));
    }
  }

  #drawSelected(context: CanvasRenderingContext2D): void {
    const at = this.#selected;
    if (at < 0 || at >= this.#network.nodes.length) return;
    context.beginPath();
    context.strokeStyle = this.#colours.ring;
    context.lineWidth = 1;
    for (const [from, to] of this.#network.links) {
      if (from !== at && to !== at) continue;
      context.moveTo(this.#left(from), this.#top(from));
      context.lineTo(this.#left(to), this.#top(to));
    }
    context.stroke();
    context.beginPath();
    context.strokeStyle = this.#colours.ink;
    context.lineWidth = 2;
    context.arc(this.#left(at), this.#top(at), 8, 0, 2 * Math.PI);
    context.stroke();
  }

  #left(at: number): number {
    return ((this.#layout.x[at] ?? 0) - this.#camera.x) * this.#camera.scale + this.#width / 2;
  }

  #top(at: number): number {
    return ((this.#layout.y[at] ?? 0) - this.#camera.y) * this.#camera.scale + this.#height / 2;
  }
}

/** A shape for each state, so that colour is never alone: full, full and large, hollow, a cross. */
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

function hasSamePlaces(before: NetworkStatus, after: NetworkStatus): boolean {
  return (
    before.nodes.length === after.nodes.length &&
    before.links.length === after.links.length &&
    before.nodes.every(
      ({ id, group }, at) => id === after.nodes[at]?.id && group === after.nodes[at]?.group,
    ) &&
    before.links.every((link, at) => {
      const other = after.links[at];
      return other !== undefined && link[0] === other[0] && link[1] === other[1];
    })
  );
}

/** @throws Error in a browser without canvas */
function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no canvas');
  return context;
}
