import { CONFIG_KEYS, configRows, environmentName, resolveConfig } from '@basalt/node';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addConfigOptions, type ConfigOptions, loadConfig } from '../load-config.ts';
import { addExamples, jsonOption } from '../options.ts';
import { formatTable } from '../view/table.ts';

export function configCommand(context: Context): Command {
  const command = addConfigOptions(new Command('config'))
    .description(
      'Print the effective configuration of a node and where each value is from. The order is: ' +
        'defaults, file, environment, command line. No secret is a setting; files hold them.',
    )
    .addOption(jsonOption())
    .action((options: ConfigOptions & { json?: boolean }) => printConfig(context, options))
    .addHelpText('after', () => `\nSettings:\n${settingsHelp()}`);
  return addExamples(command, [
    'basalt config',
    'BASALT_PORT=8080 basalt config --set logLevel=debug',
    'basalt config --json > basalt.config.json',
  ]);
}

function settingsHelp(): string {
  const rows = configRows(resolveConfig()).map(({ key, value, description }) => [
    `  ${key}`,
    shown(value),
    environmentName(key),
    description,
  ]);
  const columns = ['  key', 'default', 'environment', ''].map((title) => ({ title }));
  return formatTable(columns, rows).join('\n');
}

function printConfig(context: Context, options: ConfigOptions & { json?: boolean }): void {
  const { screen, terminal } = context;
  const resolved = loadConfig(context, options);
  for (const warning of resolved.warnings) terminal.line(`warning: ${warning}`);
  if (options.json === true) {
    const values = CONFIG_KEYS.filter((key) => resolved.config[key] !== undefined);
    const content = Object.fromEntries(values.map((key) => [key, resolved.config[key]]));
    screen.line(JSON.stringify(content, null, 2));
    return;
  }
  const columns = ['key', 'value', 'from', ''].map((title) => ({ title }));
  const rows = configRows(resolved).map(({ key, value, source, description }) => [
    key,
    shown(value),
    source,
    screen.style('dim', description),
  ]);
  for (const line of formatTable(columns, rows)) screen.line(line);
}

function shown(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
