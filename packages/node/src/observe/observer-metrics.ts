import type { FederationStatus } from '@basalt/federation';
import type { ControlPanel, Health, MetricsRegistry } from '@basalt/telemetry';

/** States of a check as numbers: what an alert compares with. */
const STATES = { good: 0, degraded: 1, failing: 2 } as const;

export interface ObserverMetrics {
  /** Puts what was seen into the gauges; once a second. */
  look(seen: {
    readonly health: Health;
    readonly panel: ControlPanel;
    readonly peers: FederationStatus | undefined;
    readonly diskFreeBytes: number | undefined;
  }): void;
}

/** What the observer sees, for Prometheus; the alerts of `ops/prometheus` are made of it. */
export function createObserverMetrics(
  registry: MetricsRegistry,
  build: { readonly version: string; readonly roles: readonly string[] },
): ObserverMetrics {
  const check = registry.gauge({
    name: 'basalt_health_check_state',
    help: 'Checks of the node: 0 good, 1 degraded, 2 failing.',
    labels: ['check'],
  });
  const ready = registry.gauge({
    name: 'basalt_health_ready_state',
    help: 'Whether requests may be sent here: 1 yes, 0 no.',
  });
  const disk = registry.gauge({
    name: 'basalt_disk_free_bytes',
    help: 'Free bytes of the file system that holds the data folder; absent where it is gone.',
  });
  const value = registry.gauge({
    name: 'basalt_control_tunable_value',
    help: 'Present value of what a controller steers.',
    labels: ['name'],
  });
  const changes = registry.counter({
    name: 'basalt_control_changes_total',
    help: 'Changes of a tunable.',
    labels: ['name'],
  });
  const reversals = registry.counter({
    name: 'basalt_control_reversals_total',
    help: 'Times that the controller of a tunable turned round; changes by hand do not count.',
    labels: ['name'],
  });
  const peers = registry.gauge({
    name: 'basalt_peers_known',
    help: 'Peers of this node, by what is thought of them.',
    labels: ['state'],
  });
  registry
    .gauge({
      name: 'basalt_build_info',
      help: 'What runs; always 1.',
      labels: ['version', 'roles'],
    })
    .set(1, { version: build.version, roles: build.roles.join(',') });
  disk.remove();
  const told = new Map<string, { changes: number; reversals: number }>();
  return {
    look({ health, panel, peers: status, diskFreeBytes }) {
      ready.set(health.isReady ? 1 : 0);
      for (const { name, state } of health.checks) check.set(STATES[state], { check: name });
      // The last number of a disk that is gone would look like room.
      if (diskFreeBytes === undefined) disk.remove();
      else disk.set(diskFreeBytes);
      for (const { name, value: now, changeCount, reversalCount } of panel.list()) {
        value.set(now, { name });
        const before = told.get(name) ?? { changes: 0, reversals: 0 };
        changes.add(changeCount - before.changes, { name });
        reversals.add(reversalCount - before.reversals, { name });
        told.set(name, { changes: changeCount, reversals: reversalCount });
      }
      if (status === undefined) return;
      const lying = status.peers.filter(({ lies }) => lies > 0).length;
      const away = status.peers.filter(({ failures, lies }) => failures > 0 && lies === 0).length;
      peers.set(lying, { state: 'lying' });
      peers.set(away, { state: 'away' });
      peers.set(status.peers.length - lying - away, { state: 'good' });
    },
  };
}
