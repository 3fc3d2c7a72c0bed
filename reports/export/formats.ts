/** Names of the formats, by themselves: the command line knows them before it loads what writes them. */
export const exportFormats = ['sarif', 'junit', 'itf', 'chrome', 'shiviz', 'dot', 'gexf', 'mermaid'] as const;

export type ExportFormat = (typeof exportFormats)[number];
