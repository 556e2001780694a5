CREATE TABLE "judgement_reviews" (
	"judgement_id" uuid PRIMARY KEY NOT NULL,
	"reviewer_id" uuid NOT NULL,
	"verdict" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "project_annotators" (
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"adjudicator" boolean DEFAULT false NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"daily_cap" integer,
	CONSTRAINT "project_annotators_project_id_user_id_pk" PRIMARY KEY("project_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "seats" DROP CONSTRAINT "seats_range";--> statement-breakpoint
ALTER TABLE "items" ADD COLUMN "purpose" text DEFAULT 'work' NOT NULL;--> statement-breakpoint
ALTER TABLE "items" ADD COLUMN "gold" jsonb;--> statement-breakpoint
ALTER TABLE "items" ADD COLUMN "repeat_of" uuid;--> statement-breakpoint
ALTER TABLE "judgements" ADD COLUMN "purpose" text DEFAULT 'work' NOT NULL;--> statement-breakpoint
ALTER TABLE "judgements" ADD COLUMN "tier" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "queue" jsonb DEFAULT '{"maxOverlap":0,"adjudication":false,"dailyCap":0,"goldShare":0,"repeatShare":0,"repeatGap":20,"qualificationPass":0.7}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "seats" ADD COLUMN "tier" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "judgement_reviews" ADD CONSTRAINT "judgement_reviews_judgement_id_judgements_id_fk" FOREIGN KEY ("judgement_id") REFERENCES "public"."judgements"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judgement_reviews" ADD CONSTRAINT "judgement_reviews_reviewer_id_users_id_fk" FOREIGN KEY ("reviewer_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_annotators" ADD CONSTRAINT "project_annotators_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_annotators" ADD CONSTRAINT "project_annotators_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "items" ADD CONSTRAINT "items_repeat_of_items_id_fk" FOREIGN KEY ("repeat_of") REFERENCES "public"."items"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "items_checks" ON "items" USING btree ("project_id","purpose") WHERE "items"."purpose" <> 'work';--> statement-breakpoint
CREATE INDEX "prompts_project_id_group_key_index" ON "prompts" USING btree ("project_id","group_key");--> statement-breakpoint
ALTER TABLE "seats" ADD CONSTRAINT "seats_range" CHECK ("seats"."seat" between 1 and 9999);