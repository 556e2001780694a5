DROP INDEX "seats_annotator";--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "project_id" uuid;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "priority" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "queued" boolean DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX "seats_free" ON "seats" USING btree ("project_id","tier" DESC NULLS FIRST,"priority" DESC NULLS FIRST,"item_id","seat") WHERE "seats"."queued" and "seats"."judgement_id" is null and "seats"."annotator_id" is null;--> statement-breakpoint
CREATE INDEX "seats_leased" ON "seats" USING btree ("project_id","lease_expires_at") WHERE "seats"."judgement_id" is null and "seats"."annotator_id" is not null;--> statement-breakpoint
CREATE INDEX "seats_held" ON "seats" USING btree ("annotator_id") WHERE "seats"."judgement_id" is null;--> statement-breakpoint
UPDATE "seats" SET "project_id" = i."project_id", "priority" = i."priority", "queued" = i."open" AND i."purpose" = 'work' FROM "items" i WHERE i."id" = "seats"."item_id";--> statement-breakpoint
-- A seat's project, priority and whether it is handed out are its item's: here, so that no way to make one forgets them.
CREATE FUNCTION seat_takes_from_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT project_id, priority, open AND purpose = 'work' INTO NEW.project_id, NEW.priority, NEW.queued FROM items WHERE id = NEW.item_id;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER seats_take_from_item BEFORE INSERT ON seats FOR EACH ROW EXECUTE FUNCTION seat_takes_from_item();--> statement-breakpoint
CREATE FUNCTION item_gives_to_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE seats SET priority = NEW.priority, queued = NEW.open AND NEW.purpose = 'work' WHERE item_id = NEW.id;
  RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER items_give_to_seats AFTER UPDATE OF open, purpose, priority ON items FOR EACH ROW EXECUTE FUNCTION item_gives_to_seats();
