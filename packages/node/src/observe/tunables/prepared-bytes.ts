import type { Gateway } from '@basalt/gateway';
import { type CacheSizeInput, type ControlPanel, createCacheSize } from '@basalt/telemetry';
import type { Look, MemoryPressure } from './types.ts';

const MIB = 1024 ** 2;
/** Less brings next to nothing, and a tile or two must fit. */
const PREPARED_BYTES_MIN = 4 * MIB;

export interface PreparedBytesParts {
  readonly gateway: Pick<Gateway, 'preparedCache'>;
  /** Bytes that prepared answers may take at most. */
  readonly preparedBytesMax: number;
  readonly memoryPressure: MemoryPressure;
}

/** The memory of prepared answers, by a shadow of the cache. */
export function preparedBytes(
  panel: ControlPanel,
  { gateway, preparedBytesMax, memoryPressure }: PreparedBytesParts,
): Look {
  const tunable = panel.add<CacheSizeInput>({
    name: 'gateway.prepared-bytes',
    help: 'Memory for answers that are kept ready: blocks, tiles and bundles never change.',
    unit: 'bytes',
    rule: 'shadow cache',
    controller: createCacheSize({
      bounds: { min: PREPARED_BYTES_MIN, max: preparedBytesMax },
      initial: preparedBytesMax,
      unit: 'bytes',
    }),
    apply: (bytes) => gateway.preparedCache.resize(bytes),
  });
  return () => {
    const pressure = memoryPressure();
    const points = gateway.preparedCache.points();
    tunable.sense(pressure === undefined ? undefined : { points, pressure });
  };
}
