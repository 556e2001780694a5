CREATE TABLE "api_tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"project_id" uuid,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"actor_id" uuid,
	"action" text NOT NULL,
	"project_id" uuid,
	"kind" text NOT NULL,
	"target_id" text NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "completion_rewards" (
	"checkpoint_id" uuid NOT NULL,
	"completion_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"score" double precision NOT NULL,
	CONSTRAINT "completion_rewards_checkpoint_id_completion_id_pk" PRIMARY KEY("checkpoint_id","completion_id")
);
--> statement-breakpoint
CREATE TABLE "endpoint_requests" (
	"run_id" uuid NOT NULL,
	"key" text NOT NULL,
	"prompt_id" uuid NOT NULL,
	"completion_id" uuid,
	"error" text,
	"reopened" boolean DEFAULT false NOT NULL,
	"tries" integer NOT NULL,
	"input_tokens" integer NOT NULL,
	"output_tokens" integer NOT NULL,
	"cost" double precision NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "endpoint_requests_run_id_key_pk" PRIMARY KEY("run_id","key")
);
--> statement-breakpoint
CREATE TABLE "endpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid,
	"name" text NOT NULL,
	"model" text NOT NULL,
	"settings" jsonb NOT NULL,
	"sealed_key" text,
	"key_end" text,
	"allow_private" boolean DEFAULT false NOT NULL,
	"next_request_at" timestamp with time zone DEFAULT now() NOT NULL,
	"next_token_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "human_evaluation_answers" (
	"evaluation_id" uuid NOT NULL,
	"prompt_id" uuid NOT NULL,
	"model_id" uuid NOT NULL,
	"completion_id" uuid,
	"problem" text,
	CONSTRAINT "human_evaluation_answers_evaluation_id_prompt_id_model_id_pk" PRIMARY KEY("evaluation_id","prompt_id","model_id")
);
--> statement-breakpoint
CREATE TABLE "human_evaluations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"name" text NOT NULL,
	"model_ids" jsonb NOT NULL,
	"scales" jsonb NOT NULL,
	"overlap" smallint NOT NULL,
	"split" text,
	"seed" bigint NOT NULL,
	"run_ids" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"opened_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	CONSTRAINT "human_evaluations_project_id_name_unique" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"role" text NOT NULL,
	"token_hash" text NOT NULL,
	"email" text,
	"max_uses" integer NOT NULL,
	"uses" integer DEFAULT 0 NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "invitations_token_hash_unique" UNIQUE("token_hash"),
	CONSTRAINT "invitations_uses" CHECK ("invitations"."uses" between 0 and "invitations"."max_uses")
);
--> statement-breakpoint
CREATE TABLE "judge_answers" (
	"hash" text PRIMARY KEY NOT NULL,
	"endpoint_id" uuid NOT NULL,
	"model" text NOT NULL,
	"verdict" text NOT NULL,
	"text" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "judged_pairs" (
	"run_id" uuid NOT NULL,
	"prompt_id" uuid NOT NULL,
	"first_id" uuid NOT NULL,
	"second_id" uuid NOT NULL,
	"shown_first" text,
	"shown_second" text,
	"shown_first_hash" text NOT NULL,
	"shown_second_hash" text NOT NULL,
	CONSTRAINT "judged_pairs_run_id_first_id_second_id_pk" PRIMARY KEY("run_id","first_id","second_id")
);
--> statement-breakpoint
CREATE TABLE "project_members" (
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "project_members_project_id_user_id_pk" PRIMARY KEY("project_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"webhook_id" uuid NOT NULL,
	"event" text NOT NULL,
	"data" jsonb NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status" integer,
	"reason" text,
	"finished_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"url" text NOT NULL,
	"events" jsonb NOT NULL,
	"secret" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "seats_annotator";--> statement-breakpoint
ALTER TABLE "completions" ADD COLUMN "generation" jsonb;--> statement-breakpoint
ALTER TABLE "items" ADD COLUMN "evaluation_id" uuid;--> statement-breakpoint
ALTER TABLE "judgements" ADD COLUMN "updated_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "access" text DEFAULT 'open' NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "blind_review" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "endpoint_id" uuid;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "batch_id" uuid;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "project_id" uuid;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "priority" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "queued" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "memory_bytes" bigint;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "gpu_memory_bytes" bigint;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_entries" ADD CONSTRAINT "audit_entries_actor_id_users_id_fk" FOREIGN KEY ("actor_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_entries" ADD CONSTRAINT "audit_entries_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoint_requests" ADD CONSTRAINT "endpoint_requests_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoint_requests" ADD CONSTRAINT "endpoint_requests_prompt_id_prompts_id_fk" FOREIGN KEY ("prompt_id") REFERENCES "public"."prompts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoint_requests" ADD CONSTRAINT "endpoint_requests_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoints" ADD CONSTRAINT "endpoints_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoints" ADD CONSTRAINT "endpoints_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_evaluation_id_human_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."human_evaluations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_prompt_id_prompts_id_fk" FOREIGN KEY ("prompt_id") REFERENCES "public"."prompts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluations" ADD CONSTRAINT "human_evaluations_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluations" ADD CONSTRAINT "human_evaluations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_answers" ADD CONSTRAINT "judge_answers_endpoint_id_endpoints_id_fk" FOREIGN KEY ("endpoint_id") REFERENCES "public"."endpoints"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judged_pairs" ADD CONSTRAINT "judged_pairs_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judged_pairs" ADD CONSTRAINT "judged_pairs_prompt_id_prompts_id_fk" FOREIGN KEY ("prompt_id") REFERENCES "public"."prompts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judged_pairs" ADD CONSTRAINT "judged_pairs_first_id_completions_id_fk" FOREIGN KEY ("first_id") REFERENCES "public"."completions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judged_pairs" ADD CONSTRAINT "judged_pairs_second_id_completions_id_fk" FOREIGN KEY ("second_id") REFERENCES "public"."completions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_webhooks_id_fk" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhooks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_tokens_user_id_index" ON "api_tokens" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "audit_entries_project_id_id_index" ON "audit_entries" USING btree ("project_id","id");--> statement-breakpoint
CREATE INDEX "audit_entries_actor_id_id_index" ON "audit_entries" USING btree ("actor_id","id");--> statement-breakpoint
CREATE INDEX "completion_rewards_completion_id_index" ON "completion_rewards" USING btree ("completion_id");--> statement-breakpoint
CREATE UNIQUE INDEX "endpoints_name" ON "endpoints" USING btree (coalesce("project_id", '00000000-0000-0000-0000-000000000000'::uuid),"name") WHERE "endpoints"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "invitations_project_id_index" ON "invitations" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "project_members_user_id_index" ON "project_members" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook_id_created_at_index" ON "webhook_deliveries" USING btree ("webhook_id","created_at");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("webhook_id","due_at") WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "webhooks_project_id_index" ON "webhooks" USING btree ("project_id");--> statement-breakpoint
ALTER TABLE "items" ADD CONSTRAINT "items_evaluation_id_human_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."human_evaluations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_endpoint_id_endpoints_id_fk" FOREIGN KEY ("endpoint_id") REFERENCES "public"."endpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "items_evaluation" ON "items" USING btree ("evaluation_id") WHERE "items"."evaluation_id" is not null;--> statement-breakpoint
CREATE INDEX "judgements_project_id_updated_at_id_index" ON "judgements" USING btree ("project_id","updated_at","id");--> statement-breakpoint
CREATE INDEX "runs_batch_id_index" ON "runs" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "seats_free" ON "seats" USING btree ("project_id","tier" DESC NULLS FIRST,"priority" DESC NULLS FIRST,"item_id","seat") WHERE "seats"."queued" and "seats"."judgement_id" is null and "seats"."annotator_id" is null;--> statement-breakpoint
CREATE INDEX "seats_leased" ON "seats" USING btree ("project_id","lease_expires_at") WHERE "seats"."judgement_id" is null and "seats"."annotator_id" is not null;--> statement-breakpoint
CREATE INDEX "seats_held" ON "seats" USING btree ("annotator_id") WHERE "seats"."judgement_id" is null;--> statement-breakpoint
-- The audit log only grows: what was written down can be read for ever, and by nobody be changed.
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_change('the audit log is append-only');
--> statement-breakpoint
CREATE TRIGGER audit_entries_not_truncated BEFORE TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the audit log is append-only');
--> statement-breakpoint
UPDATE "seats" SET "project_id" = i."project_id", "priority" = i."priority", "queued" = i."open" AND i."purpose" IN ('work', 'evaluation') FROM "items" i WHERE i."id" = "seats"."item_id";--> statement-breakpoint
-- A seat's project, priority and whether it is handed out are its item's: here, so that no way to make one forgets them.
CREATE FUNCTION seat_takes_from_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT project_id, priority, open AND purpose IN ('work', 'evaluation') INTO NEW.project_id, NEW.priority, NEW.queued FROM items WHERE id = NEW.item_id;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER seats_take_from_item BEFORE INSERT ON seats FOR EACH ROW EXECUTE FUNCTION seat_takes_from_item();--> statement-breakpoint
CREATE FUNCTION item_gives_to_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE seats SET priority = NEW.priority, queued = NEW.open AND NEW.purpose IN ('work', 'evaluation') WHERE item_id = NEW.id;
  RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER items_give_to_seats AFTER UPDATE OF open, purpose, priority ON items FOR EACH ROW EXECUTE FUNCTION item_gives_to_seats();
