-- Dataset versions are frozen: what a run was trained on can be read again for ever.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
CREATE TRIGGER dataset_versions_immutable BEFORE UPDATE OR DELETE ON dataset_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_change('dataset versions are immutable; freeze a new version instead');
--> statement-breakpoint
CREATE TRIGGER dataset_rows_immutable BEFORE UPDATE OR DELETE ON dataset_rows
  FOR EACH ROW EXECUTE FUNCTION refuse_change('dataset versions are immutable; freeze a new version instead');
--> statement-breakpoint
CREATE TRIGGER dataset_versions_not_truncated BEFORE TRUNCATE ON dataset_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('dataset versions are immutable');
--> statement-breakpoint
CREATE TRIGGER dataset_rows_not_truncated BEFORE TRUNCATE ON dataset_rows
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('dataset versions are immutable');
--> statement-breakpoint
-- A judgement is undone, never removed: its row is the record of what a person said.
CREATE TRIGGER judgements_kept BEFORE DELETE ON judgements
  FOR EACH ROW EXECUTE FUNCTION refuse_change('judgements are kept for the record; undo them instead');
