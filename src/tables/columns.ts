/** What a category or one of two values is called in a table. */
export type Label = string | number | boolean;

/** What a column holds. */
export type ColumnType = 'binary' | 'category' | 'number' | 'count' | 'ignore';

/** What is known of any column. */
interface AnyColumn {
  /** Its name in the table. */
  readonly name: string;
  /** Missing values in the rows that the table was made from. */
  readonly missing: number;
}

/** Where the values of a column are. */
interface Placed {
  /** The layer whose rows have the column. */
  readonly layer: string;
  /** Which column of that layer's rows it is. */
  readonly place: number;
}

/** Two values: one Bernoulli unit. */
export interface BinaryColumn extends AnyColumn, Placed {
  /** What it is. */
  readonly type: 'binary';
  /** What 0 and 1 are called. */
  readonly labels: readonly [Label, Label];
}

/** One of several labels: a softmax unit. */
export interface CategoryColumn extends AnyColumn, Placed {
  /** What it is. */
  readonly type: 'category';
  /** What the categories 0, 1, … are called. */
  readonly labels: readonly Label[];
}

/** Real numbers: a Gaussian unit over (value − mean) / sd. */
export interface NumberColumn extends AnyColumn, Placed {
  /** What it is. */
  readonly type: 'number';
  /** Mean of the values that are there. */
  readonly mean: number;
  /** Their standard deviation. */
  readonly sd: number;
  /**
   * Digits after the decimal point, to which decoded numbers are rounded; null where there are too
   * many to say.
   */
  readonly decimals: number | null;
}

/** Whole numbers from 0 to `max`: a binomial unit. */
export interface CountColumn extends AnyColumn, Placed {
  /** What it is. */
  readonly type: 'count';
  /** The largest value that there may be. */
  readonly max: number;
}

/** A column that takes no part. */
export interface IgnoredColumn extends AnyColumn {
  /** What it is. */
  readonly type: 'ignore';
  /** It is in no layer. */
  readonly layer: null;
  /** It has no place. */
  readonly place: null;
}

/** A column that takes part. */
export type UsedColumn = BinaryColumn | CategoryColumn | NumberColumn | CountColumn;

/** A column of a table. */
export type TableColumn = UsedColumn | IgnoredColumn;

/** A column that has no place yet. */
export type Unplaced<C extends TableColumn = TableColumn> = C extends unknown ? Omit<C, 'layer' | 'place'> : never;

/**
 * What a caller says of a column, in place of what would be found: its type, and, for two values or
 * categories, all labels in order; for counts, the largest that there may be.
 */
export type ColumnSchema =
  | ColumnType
  | {
      /** What it is. */
      readonly type: 'binary' | 'category';
      /** All labels in order. Default: those that occur. */
      readonly labels?: readonly Label[];
    }
  | {
      /** What it is. */
      readonly type: 'count';
      /** The largest value that there may be. Default: the largest that occurs. */
      readonly max?: number;
    }
  | {
      /** What it is. */
      readonly type: 'number' | 'ignore';
    };

/** What a caller says of columns, by their names. */
export type TableSchema = Readonly<Record<string, ColumnSchema>>;

/** A row of a table: values by the names of columns, null where one is missing. */
export type TableRow = Record<string, Label | null>;
