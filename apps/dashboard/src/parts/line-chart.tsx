import { effect } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { usePage } from '../context.ts';
import { formatTime } from '../format.ts';
import { readColours } from './colours.ts';

export interface ChartSeries {
  readonly name: string;
  readonly colour: ColourName;
  readonly values: readonly (number | null)[];
}

type ColourName = 'accent' | 'wait';

export interface LineChartProps {
  /** Said to those who do not see the lines. */
  readonly label: string;
  /** Milliseconds since the Unix epoch, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** For the axis, where it is to be shorter. */
  readonly formatTick?: (value: number) => string;
  /** Ticks at powers of two: "64 MiB" and not "61 MiB". */
  readonly isBytes?: boolean;
  /** Shown span: milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** The value holds until the next one: for settings, not for measurements. */
  readonly isStepped?: boolean;
  /** Fixed limits of the values; without them from 0 to what there is. */
  readonly bounds?: readonly [number, number];
  /** Charts of one key show the same moment under the pointer. */
  readonly syncKey?: string;
}

const HEIGHT_PX = 104;
const BYTE_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);

/** Lines over time. The element keeps its size whatever is drawn, so nothing around it moves. */
export function LineChart(props: LineChartProps): VNode {
  const { theme } = usePage();
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<UPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const stopTheme = effect(() => {
      void theme.version.value;
      plot.current?.destroy();
      plot.current = createPlot(element, readout.current, latest);
    });
    const watching = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }),
    );
    watching.observe(element);
    return () => {
      stopTheme();
      watching.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(dataOf(props));
  });
  return (
    <div class="chart">
      <div ref={box} class="chart-box" role="img" aria-label={describe(props)} />
      <span ref={readout} class="chart-readout" aria-hidden="true" />
    </div>
  );
}

/** The lines in words. */
function describe({ label, series, format }: LineChartProps): string {
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value): value is number => value !== null);
    const newest = known.at(-1);
    if (newest === undefined) return `${name}: nothing measured`;
    const least = known.reduce((a, b) => Math.min(a, b));
    const most = known.reduce((a, b) => Math.max(a, b));
    return `${name}: now ${format(newest)}, least ${format(least)}, most ${format(most)}`;
  });
  return `${label}. ${parts.join('. ')}.`;
}

function dataOf({ times, series }: LineChartProps): UPlot.AlignedData {
  return [times.map((timeMs) => timeMs / 1_000), ...series.map(({ values }) => [...values])];
}

function createPlot(
  element: HTMLElement,
  readout: HTMLElement | null,
  latest: { readonly current: LineChartProps },
): UPlot {
  const { series, format, isBytes, isStepped = false, syncKey } = latest.current;
  const formatTick = latest.current.formatTick ?? format;
  const names = ['accent', 'wait', 'line', 'ink-3'] as const;
  const colours = readColours(element, names);
  const axis = {
    stroke: colours['ink-3'],
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
    grid: { stroke: colours.line, width: 1 },
  };
  const stepped = isStepped ? UPlot.paths.stepped?.({ align: 1 }) : undefined;
  return new UPlot(
    {
      width: Math.max(80, element.clientWidth),
      height: HEIGHT_PX,
      padding: [6, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { setScale: false, x: false, y: false },
        points: { size: 5 },
        ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
      },
      scales: {
        x: { range: () => [latest.current.from / 1_000, latest.current.to / 1_000] },
        y: { range: (_plot, _least, most) => valueRange(latest.current.bounds, most) },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 20, space: 88, values: clockTicks },
        {
          ...axis,
          size: 52,
          space: 30,
          ...(isBytes === true ? { incrs: BYTE_STEPS } : {}),
          values: (_plot, ticks) => ticks.map((tick) => formatTick(tick)),
        },
      ],
      series: [
        {},
        ...series.map(({ name, colour }) => ({
          label: name,
          stroke: colours[colour],
          width: 1.5,
          points: { show: false },
          ...(stepped === undefined ? {} : { paths: stepped }),
        })),
      ],
      hooks: { setCursor: [(plot) => showReadout(plot, readout, latest.current)] },
    },
    dataOf(latest.current),
    element,
  );
}

function valueRange(bounds: LineChartProps['bounds'], most: number | null): [number, number] {
  if (bounds !== undefined) return [bounds[0], bounds[1]];
  return [0, most === null || !(most > 0) ? 1 : most * 1.12];
}

function clockTicks(_plot: UPlot, ticks: readonly number[]): string[] {
  return ticks.map((seconds) => formatTime(seconds * 1_000, seconds * 1_000).slice(0, 5));
}

function showReadout(plot: UPlot, readout: HTMLElement | null, props: LineChartProps): void {
  if (readout === null) return;
  const at = plot.cursor.idx;
  const timeMs = at === null || at === undefined ? undefined : props.times[at];
  if (at === null || at === undefined || timeMs === undefined) {
    readout.textContent = '';
    return;
  }
  const values = props.series.map(({ name, values }) => {
    const value = values[at] ?? null;
    const text = value === null ? '\u2013' : props.format(value);
    return props.series.length === 1 ? text : `${name} ${text}`;
  });
  readout.textContent = `${formatTime(timeMs, timeMs)}  ${values.join('  ')}`;
}
