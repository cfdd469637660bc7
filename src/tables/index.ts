/** Tables of mixed columns: `boltzkit/tables`. */
export type {
  BinaryColumn,
  CategoryColumn,
  ColumnSchema,
  ColumnType,
  CountColumn,
  IgnoredColumn,
  Label,
  NumberColumn,
  TableColumn,
  TableRow,
  TableSchema,
} from './columns.js';
export type { LayerValues } from './decode.js';
export type { TableRows } from './encode.js';
export type { TableJson } from './json.js';
export { readTable } from './read-table.js';
export type { RowList, RowOptions, RowSource } from './source.js';
export { type EncodeOptions, Table, TableData, type TableWiring } from './table.js';
export { writeCsv } from './write-csv.js';
