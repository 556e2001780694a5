CREATE TABLE "completion_rewards" (
	"checkpoint_id" uuid NOT NULL,
	"completion_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"score" double precision NOT NULL,
	CONSTRAINT "completion_rewards_checkpoint_id_completion_id_pk" PRIMARY KEY("checkpoint_id","completion_id")
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
ALTER TABLE "items" ADD COLUMN "evaluation_id" uuid;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completion_rewards" ADD CONSTRAINT "completion_rewards_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_evaluation_id_human_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."human_evaluations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_prompt_id_prompts_id_fk" FOREIGN KEY ("prompt_id") REFERENCES "public"."prompts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluation_answers" ADD CONSTRAINT "human_evaluation_answers_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluations" ADD CONSTRAINT "human_evaluations_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_evaluations" ADD CONSTRAINT "human_evaluations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "completion_rewards_completion_id_index" ON "completion_rewards" USING btree ("completion_id");--> statement-breakpoint
ALTER TABLE "items" ADD CONSTRAINT "items_evaluation_id_human_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."human_evaluations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "items_evaluation" ON "items" USING btree ("evaluation_id") WHERE "items"."evaluation_id" is not null;