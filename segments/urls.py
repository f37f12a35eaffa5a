from django.urls import URLPattern, URLResolver, include, path

from segments.api import router
from segments.views import explorer, lifetime, overlap, rhythm, rules
from segments.views import segments as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("segments/", views.segments, name="segments"),
    path("segments/find/", views.segments_find, name="segments-find"),
    path("segments/rfm/", rhythm.rfm, name="segments-rfm"),
    path("segments/rfm/score/", rhythm.rfm_score, name="segments-rfm-score"),
    path("segments/lifecycle/", rhythm.lifecycle, name="segments-lifecycle"),
    path("segments/lifetime/", lifetime.lifetime, name="segments-lifetime"),
    path("segments/overlap/", overlap.overlap, name="segments-overlap"),
    path("segments/compare/", overlap.compare, name="segments-compare"),
    path("segments/rhythm/read/", rhythm.rhythm_read, name="segments-rhythm-read"),
    path("segments/explore/", explorer.explore, name="segments-explore"),
    path("segments/explore/start/", explorer.explore_start, name="segments-explore-start"),
    path("segments/found/assign/", explorer.assign_everybody, name="segments-assign"),
    path("segments/found/<int:pk>/", explorer.segmentation, name="segmentation"),
    path("segments/found/<int:pk>/save/", explorer.segmentation_save, name="segmentation-save"),
    path("segments/found/<int:pk>/discard/", explorer.segmentation_discard, name="segmentation-discard"),
    path("segments/found/<int:pk>/again/", explorer.segmentation_again, name="segmentation-again"),
    path("segments/rules/new/", rules.rule_new, name="segment-new"),
    path("segments/rules/count/", rules.rule_count, name="segment-count"),
    path("segments/rules/suggest/", rules.rule_suggest, name="segment-suggest"),
    path("segments/<int:pk>/", views.segment, name="segment"),
    path("segments/<int:pk>/rule/", rules.rule_edit, name="segment-rule"),
    path("segments/<int:pk>/moves/", rules.segment_moves, name="segment-moves"),
    path("segments/<int:pk>/refresh/", rules.segment_refresh, name="segment-refresh"),
    path("segments/<int:pk>/duplicate/", rules.segment_duplicate, name="segment-duplicate"),
    path("segments/<int:pk>/freeze/", rules.segment_freeze, name="segment-freeze"),
    path("segments/<int:pk>/rename/", rules.segment_rename, name="segment-rename"),
    path("segments/<int:pk>/delete/", rules.segment_delete, name="segment-delete"),
]
