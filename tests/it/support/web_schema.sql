-- The shared tables as the web application's own tool writes them: quoted names, constraints added afterwards under
-- names of its own, ids from the server's function, no defaults where its code sets the value.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" varchar(255) NOT NULL,
	"email" varchar(255) NOT NULL,
	"password_hash" text NOT NULL,
	"address" text,
	"billing_address" text,
	"created_at" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
CREATE TABLE "operators" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" varchar(255) NOT NULL,
	"email" varchar(255) NOT NULL,
	"password_hash" text NOT NULL,
	"currency" varchar(3) NOT NULL,
	"locale" varchar(10) NOT NULL,
	"timezone" varchar(64) NOT NULL,
	"profile_picture_url" text,
	"created_at" timestamp DEFAULT now() NOT NULL
);
CREATE UNIQUE INDEX "uq_operator_mail" ON "operators" ("email");
CREATE TABLE "photographers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"operator_id" uuid NOT NULL,
	"name" varchar(255) NOT NULL,
	"email" varchar(255) NOT NULL,
	"password_hash" text NOT NULL,
	"address" text,
	"created_at" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "photographers_email_unique" UNIQUE("email")
);
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"operator_id" uuid NOT NULL,
	"name" varchar(255) NOT NULL,
	"location_name" varchar(255),
	"start_at" timestamp,
	"end_at" timestamp,
	"project_link" text,
	"terms_and_conditions" text,
	"timezone" varchar(64),
	"created_at" timestamp DEFAULT now() NOT NULL
);
CREATE TABLE "project_members" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"joined_at" timestamp NOT NULL,
	"terms_accepted_at" timestamp
);
CREATE TABLE "project_photographers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"photographer_id" uuid NOT NULL
);
CREATE TABLE "packages" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"operator_id" uuid NOT NULL,
	"name" varchar(255) NOT NULL,
	"price" integer NOT NULL,
	"photo_count" integer NOT NULL,
	"created_at" timestamp DEFAULT now() NOT NULL,
	"updated_at" timestamp DEFAULT now() NOT NULL
);
CREATE TABLE "project_packages" (
	"project_id" uuid NOT NULL,
	"package_id" uuid NOT NULL,
	CONSTRAINT "project_packages_project_id_package_id_pk" PRIMARY KEY("project_id","package_id")
);
CREATE TABLE "project_coaches" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"name" varchar(255) NOT NULL
);
CREATE TABLE "photos" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"photographer_id" uuid NOT NULL,
	"storage_key" varchar(512) NOT NULL,
	"thumbnail_key" varchar(512),
	"watermarked_key" varchar(512),
	"status" varchar(20) NOT NULL,
	"uploaded_at" timestamp NOT NULL
);
CREATE TABLE "selfies" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"storage_key" varchar(512) NOT NULL,
	"embedding" vector(128) NOT NULL,
	"quality_score" real,
	"status" varchar(20) NOT NULL,
	"rejection_reason" text,
	"created_at" timestamp DEFAULT now() NOT NULL
);
CREATE TABLE "photo_tags" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"photo_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"confidence" real NOT NULL,
	"source" varchar(20) NOT NULL,
	"review_status" varchar(20) NOT NULL,
	"created_at" timestamp DEFAULT now() NOT NULL
);
CREATE TABLE "purchases" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"package_id" uuid NOT NULL,
	"stripe_payment_intent_id" varchar(255) NOT NULL,
	"status" varchar(20) NOT NULL,
	"created_at" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "purchases_stripe_payment_intent_id_unique" UNIQUE("stripe_payment_intent_id")
);
CREATE TABLE "user_consents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"consent_type" varchar(50) NOT NULL,
	"consent_version" varchar(20) NOT NULL,
	"given_at" timestamp NOT NULL,
	"revoked_at" timestamp
);
CREATE TABLE "qr_tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"token" varchar(255) NOT NULL,
	"expires_at" timestamp NOT NULL,
	"used_at" timestamp,
	"created_at" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "qr_tokens_token_unique" UNIQUE("token")
);
ALTER TABLE "photographers" ADD CONSTRAINT "photographers_operator_id_operators_id_fk" FOREIGN KEY ("operator_id") REFERENCES "operators"("id") ON DELETE cascade;
ALTER TABLE "projects" ADD CONSTRAINT "projects_operator_id_operators_id_fk" FOREIGN KEY ("operator_id") REFERENCES "operators"("id") ON DELETE cascade;
ALTER TABLE "project_members" ADD CONSTRAINT "fk_pm_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE cascade;
ALTER TABLE "project_members" ADD CONSTRAINT "fk_pm_user" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade;
ALTER TABLE "project_photographers" ADD CONSTRAINT "fk_pp_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
ALTER TABLE "project_photographers" ADD CONSTRAINT "fk_pp_photographer" FOREIGN KEY ("photographer_id") REFERENCES "photographers"("id");
ALTER TABLE "packages" ADD CONSTRAINT "fk_packages_operator" FOREIGN KEY ("operator_id") REFERENCES "operators"("id");
ALTER TABLE "project_packages" ADD CONSTRAINT "fk_ppk_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
ALTER TABLE "project_packages" ADD CONSTRAINT "fk_ppk_package" FOREIGN KEY ("package_id") REFERENCES "packages"("id");
ALTER TABLE "project_coaches" ADD CONSTRAINT "fk_coach_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
ALTER TABLE "photos" ADD CONSTRAINT "fk_photo_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
ALTER TABLE "photos" ADD CONSTRAINT "fk_photo_photographer" FOREIGN KEY ("photographer_id") REFERENCES "photographers"("id");
ALTER TABLE "selfies" ADD CONSTRAINT "fk_selfie_user" FOREIGN KEY ("user_id") REFERENCES "users"("id");
ALTER TABLE "photo_tags" ADD CONSTRAINT "fk_tag_photo" FOREIGN KEY ("photo_id") REFERENCES "photos"("id") ON DELETE cascade;
ALTER TABLE "photo_tags" ADD CONSTRAINT "fk_tag_user" FOREIGN KEY ("user_id") REFERENCES "users"("id");
ALTER TABLE "purchases" ADD CONSTRAINT "fk_purchase_user" FOREIGN KEY ("user_id") REFERENCES "users"("id");
ALTER TABLE "purchases" ADD CONSTRAINT "fk_purchase_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
ALTER TABLE "purchases" ADD CONSTRAINT "fk_purchase_package" FOREIGN KEY ("package_id") REFERENCES "packages"("id");
ALTER TABLE "user_consents" ADD CONSTRAINT "fk_consent_user" FOREIGN KEY ("user_id") REFERENCES "users"("id");
ALTER TABLE "qr_tokens" ADD CONSTRAINT "fk_qr_project" FOREIGN KEY ("project_id") REFERENCES "projects"("id");
CREATE INDEX "ix_photographers_op" ON "photographers" ("operator_id");
CREATE INDEX "ix_projects_op" ON "projects" ("operator_id");
CREATE UNIQUE INDEX "uq_member" ON "project_members" ("user_id","project_id");
CREATE INDEX "ix_members_project" ON "project_members" ("project_id");
CREATE INDEX "ix_pp_project" ON "project_photographers" ("project_id");
CREATE INDEX "ix_pp_photographer" ON "project_photographers" ("photographer_id");
CREATE INDEX "ix_packages_op" ON "packages" ("operator_id");
CREATE INDEX "ix_coaches_project" ON "project_coaches" ("project_id");
CREATE INDEX "ix_photos_project_status" ON "photos" ("project_id","status");
CREATE INDEX "ix_photos_photographer" ON "photos" ("photographer_id");
CREATE INDEX "ix_selfies_user" ON "selfies" ("user_id");
CREATE INDEX "ix_tags_photo" ON "photo_tags" ("photo_id");
CREATE INDEX "ix_tags_user" ON "photo_tags" ("user_id");
CREATE INDEX "ix_purchases_user" ON "purchases" ("user_id");
CREATE INDEX "ix_purchases_project" ON "purchases" ("project_id");
CREATE INDEX "ix_consents_user" ON "user_consents" ("user_id");
CREATE INDEX "ix_qr_project" ON "qr_tokens" ("project_id");
-- "purchases.package_id" is left without its index, and "selfies.embedding" was declared NOT NULL.
