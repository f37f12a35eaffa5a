from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from loyalty.api.problems import nothing_here
from loyalty.api.routes import router
from loyalty.services.ingest.templates import CSV, EXCEL
from loyalty.views import (
    cleaning,
    data,
    features,
    import_mappings,
    import_steps,
    imports,
    jobs,
    keys,
    session,
    settings,
    sources,
    trail,
)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include(router.urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        login_required(SpectacularSwaggerSplitView.as_view(template_name="api/docs.html")),
        name="api-docs",
    ),
    path("login/", session.LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("data/", data.data, name="data"),
    path("data/inspect/", data.data_inspect, name="data-inspect"),
    path("data/cleaning/", cleaning.cleaning, name="cleaning"),
    path("data/cleaning/<slug:check>/", cleaning.finding, name="finding"),
    path("data/cleaning/<slug:check>.csv", cleaning.finding_export, name="finding-export"),
    path("data/flags/<int:pk>/decide/", cleaning.flag_decide, name="flag-decide"),
    path("data/import/", imports.import_new, name="import-new"),
    path("data/imports/", imports.imports, name="imports"),
    path("data/imports/<int:pk>/", imports.ingest_run, name="ingest-run"),
    path("data/imports/<int:pk>/look/", import_steps.import_look, name="import-look"),
    path("data/imports/<int:pk>/map/", import_steps.import_map, name="import-map"),
    path("data/imports/<int:pk>/preview/", import_steps.import_preview, name="import-preview"),
    path("data/imports/<int:pk>/check/", import_steps.import_check, name="import-check"),
    path("data/imports/<int:pk>/start/", import_steps.import_start, name="import-start"),
    path("data/imports/<int:pk>/stop/", import_steps.import_stop, name="import-stop"),
    path("data/imports/<int:pk>/discard/", import_steps.import_discard, name="import-discard"),
    path("data/imports/<int:pk>/rejected.csv", imports.rejected_rows, name="rejected-rows"),
    path("data/imports/<int:pk>/to-correct.csv", imports.rejected_file, name="rejected-file"),
    path("data/mappings/", import_mappings.import_mappings, name="import-mappings"),
    path("data/mappings/<int:pk>/delete/", import_mappings.import_mapping_delete, name="import-mapping-delete"),
    path("data/templates/<slug:kind>.csv", imports.import_template, {"form": CSV}, name="import-template"),
    path("data/templates/<slug:kind>.xlsx", imports.import_template, {"form": EXCEL}, name="import-template-excel"),
    path("data/sources/", sources.sources, name="sources"),
    path("data/sources/new/", sources.source_new, name="source-new"),
    path("data/sources/<int:pk>/", sources.source, name="source"),
    path("data/sources/<int:pk>/edit/", sources.source_edit, name="source-edit"),
    path("data/sources/<int:pk>/visit/", sources.source_visit, name="source-visit"),
    path("data/sources/<int:pk>/pause/", sources.source_pause, name="source-pause"),
    path("data/sources/<int:pk>/resume/", sources.source_resume, name="source-resume"),
    path("data/sources/<int:pk>/delete/", sources.source_delete, name="source-delete"),
    path("data/features/", features.features, name="features"),
    path("data/features/look/", features.features_look, name="features-look"),
    path("customers/<int:pk>/features/", features.customer, name="customer-features"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job-progress"),
    path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<int:pk>/retry/", jobs.job_retry, name="job-retry"),
    path("changes/", trail.changes, name="changes"),
    path("settings/", settings.settings, name="settings"),
    path("settings/password/", settings.PasswordChange.as_view(), name="password-change"),
    path("settings/keys/", keys.keys, name="keys"),
    path("settings/keys/<int:pk>/revoke/", keys.key_revoke, name="key-revoke"),
    path("", include("campaigns.urls")),
    path("", include("segments.urls")),
    path("", include("recommender.urls")),
    # After every other address below /api/: machines are told in their own words that there is nothing.
    re_path(r"^api/", nothing_here),
]
