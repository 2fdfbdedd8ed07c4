import type { NetworkStatus } from '@basalt/telemetry';
import {
  type Camera,
  drawChosen,
  drawDots,
  drawLines,
  drawNames,
  type MapColours,
  type Scene,
} from './drawing.ts';
import { layOut, type MapLayout } from './layout.ts';

/** A still layer reaches so much over each edge that small moves show no end of it. */
const MARGIN = 0.25;
/** After this pause in moving, the still layers are drawn anew for where the map stands. */
const SETTLE_MS = 140;
const ZOOM_MAX = 60;
/** How far from a node a pointer still means it, in CSS pixels. */
const REACH_PX = 14;
const EDGE_PX = 24;

/** A canvas that is never shown, with the part of the world that it holds. */
interface Layer {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Undefined: it has to be drawn. */
  camera: Camera | undefined;
}

/**
 * The network on a canvas. Lines lie on one still layer, lines and dots on another; a frame is that
 * picture, moved, and a ring around the chosen node. Dots are drawn again when a state has changed,
 * lines when the map has come to rest elsewhere.
 */
export class MapView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #lines: Layer = createLayer();
  readonly #still: Layer = createLayer();
  #network: NetworkStatus = { self: '', nodes: [], links: [] };
  #layout: MapLayout = layOut([]);
  #colours: MapColours;
  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #isMoved = false;
  #chosen = -1;
  #width = 1;
  #height = 1;
  #ratio = 1;
  #frame = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, colours: MapColours) {
    this.#canvas = canvas;
    this.#context = contextOf(canvas);
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
    this.#still.camera = undefined;
    if (!isSame) {
      this.#layout = layOut(network.nodes);
      this.#lines.camera = undefined;
      if (!this.#isMoved) this.#camera = this.#whole();
    }
    this.#redraw();
  }

  paint(colours: MapColours): void {
    this.#colours = colours;
    this.#redrawStill();
  }

  /** In CSS pixels. */
  resize(width: number, height: number, ratio: number): void {
    this.#width = Math.max(1, width);
    this.#height = Math.max(1, height);
    // Beyond two device pixels nobody sees a difference, and each one has to be filled.
    this.#ratio = Math.min(2, Math.max(1, ratio));
    this.#canvas.width = Math.round(this.#width * this.#ratio);
    this.#canvas.height = Math.round(this.#height * this.#ratio);
    if (!this.#isMoved) this.#camera = this.#whole();
    this.#redrawStill();
  }

  /** A node gets a ring; -1: none. */
  choose(at: number): void {
    if (at === this.#chosen) return;
    this.#chosen = at;
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
      if (along <= 0.01 || aside > along || along + aside >= best) continue;
      best = along + aside;
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
    const least = this.#whole().scale / 2;
    this.#move({ x, y, scale: Math.min(ZOOM_MAX, Math.max(least, scale * factor)) });
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
    const { scale } = this.#camera;
    const isInside =
      Math.abs(x - this.#camera.x) * scale < this.#width / 2 - REACH_PX &&
      Math.abs(y - this.#camera.y) * scale < this.#height / 2 - REACH_PX;
    if (!isInside) this.#move({ x, y, scale });
  }

  #move(camera: Camera): void {
    this.#isMoved = true;
    this.#camera = camera;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#redrawStill(), SETTLE_MS);
    this.#redraw();
  }

  #whole(): Camera {
    const half = Math.min(this.#width, this.#height) / 2 - EDGE_PX;
    return { x: 0, y: 0, scale: Math.max(0.1, Math.min(half / this.#layout.radius, 26)) };
  }

  #redrawStill(): void {
    this.#lines.camera = undefined;
    this.#still.camera = undefined;
    this.#redraw();
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#lines.camera === undefined) drawLines(this.#begin(this.#lines, this.#camera));
    if (this.#still.camera === undefined) {
      // Where the lines were drawn, so that both are of one place.
      const scene = this.#begin(this.#still, this.#lines.camera ?? this.#camera);
      scene.context.drawImage(this.#lines.canvas, 0, 0, scene.width, scene.height);
      drawDots(scene);
      drawNames(scene);
    }
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#place(this.#still);
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    drawChosen(
      this.#scene(context, this.#camera, { width: this.#width, height: this.#height }),
      this.#chosen,
    );
  }

  /** Makes a layer empty and gives what belongs on it. */
  #begin(layer: Layer, camera: Camera): Scene {
    const width = Math.ceil(this.#width * (1 + 2 * MARGIN));
    const height = Math.ceil(this.#height * (1 + 2 * MARGIN));
    layer.camera = camera;
    layer.canvas.width = Math.round(width * this.#ratio);
    layer.canvas.height = Math.round(height * this.#ratio);
    layer.context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    return this.#scene(layer.context, camera, { width, height });
  }

  #scene(
    context: CanvasRenderingContext2D,
    camera: Camera,
    size: { readonly width: number; readonly height: number },
  ): Scene {
    const { width, height } = size;
    const [network, layout, colours] = [this.#network, this.#layout, this.#colours];
    return { context, width, height, camera, network, layout, colours };
  }

  /** Puts a layer where the map stands now, on whole pixels: in between it would be blurred. */
  #place({ canvas, camera }: Layer): void {
    if (camera === undefined) return;
    const zoom = this.#camera.scale / camera.scale;
    const pixels = this.#camera.scale * this.#ratio;
    const width = canvas.width * zoom;
    const height = canvas.height * zoom;
    const left = this.#canvas.width / 2 + (camera.x - this.#camera.x) * pixels - width / 2;
    const top = this.#canvas.height / 2 + (camera.y - this.#camera.y) * pixels - height / 2;
    if (zoom === 1) this.#context.drawImage(canvas, Math.round(left), Math.round(top));
    else this.#context.drawImage(canvas, left, top, width, height);
  }
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

function createLayer(): Layer {
  const canvas = document.createElement('canvas');
  return { canvas, context: contextOf(canvas), camera: undefined };
}

/** @throws Error in a browser without canvas */
function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no canvas');
  return context;
}
