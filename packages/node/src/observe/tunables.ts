import type { Gateway } from '@basalt/gateway';
import { type CacheSizeInput, type ControlPanel, createCacheSize } from '@basalt/telemetry';

/** Looks at its sensors once; called each second. */
export type Look = () => void;

export interface TunedParts {
  readonly gateway: Pick<Gateway, 'preparedCache'>;
  /** Bytes that prepared answers may take at most. */
  readonly preparedBytesMax: number;
  /** How much of the machine's memory is taken, 0 to 1; undefined where it does not tell. */
  readonly memoryPressure: () => number | undefined;
}

const MIB = 1024 ** 2;
/** Less brings next to nothing, and a tile or two must fit. */
const PREPARED_BYTES_MIN = 4 * MIB;

/** What controllers steer on this node; each is bounded, shown at `/control`, and told why. */
export function addTunables(panel: ControlPanel, parts: TunedParts): Look[] {
  return [preparedBytes(panel, parts)];
}

function preparedBytes(
  panel: ControlPanel,
  { gateway, preparedBytesMax, memoryPressure }: TunedParts,
): Look {
  const tunable = panel.add<CacheSizeInput>({
    name: 'gateway.prepared-bytes',
    help: 'Memory for answers that are kept ready: blocks, tiles and bundles never change.',
    unit: 'bytes',
    rule: 'shadow cache',
    controller: createCacheSize({
      bounds: { min: PREPARED_BYTES_MIN, max: preparedBytesMax },
      initial: preparedBytesMax,
    }),
    apply: (bytes) => gateway.preparedCache.resize(bytes),
  });
  return () => {
    const pressure = memoryPressure();
    const points = gateway.preparedCache.points();
    tunable.sense(pressure === undefined ? undefined : { points, pressure });
  };
}
