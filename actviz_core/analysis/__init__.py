"""Statistics and comparisons on captured values: arrays in, numbers out."""

from actviz_core.analysis.accuracy import accuracy, confusion_matrix, top_accuracy
from actviz_core.analysis.answers import (
    UNSURE_RULE,
    Certainty,
    certainty,
    classes_sentence,
    outside_sentence,
)
from actviz_core.analysis.attention import attention_sentence, half_of_attention
from actviz_core.analysis.calibration import Calibration, calibration
from actviz_core.analysis.channel_health import (
    Twins,
    class_share,
    twin_channels,
)
from actviz_core.analysis.differences import (
    ChannelDifferences,
    Difference,
    channel_differences,
    difference,
)
from actviz_core.analysis.forms import as_maps, channel_count, prefix_tokens
from actviz_core.analysis.ordering import ChannelOrder, order_channels
from actviz_core.analysis.predictions import TopK, class_names, read_prediction, top_areas, top_k
from actviz_core.analysis.ranges import ValueRange, channel_ranges, percentile_range, shared_range
from actviz_core.analysis.resampling import resample
from actviz_core.analysis.similarity import linear_cka
from actviz_core.analysis.stages import (
    all_convolutions,
    first_and_last_stage,
    first_of_each_stage,
    stage_ends,
)
from actviz_core.analysis.statistics import ChannelStatistics, channel_statistics
from actviz_core.analysis.strength import Strength
from actviz_core.analysis.summary import PrincipalComponents, Summary, principal_components, summary_map
from actviz_core.analysis.twins import Twin, channel_correlations, twins

__all__ = [
    "UNSURE_RULE",
    "Calibration",
    "Certainty",
    "ChannelDifferences",
    "ChannelOrder",
    "ChannelStatistics",
    "Difference",
    "PrincipalComponents",
    "Strength",
    "Summary",
    "TopK",
    "Twin",
    "Twins",
    "ValueRange",
    "accuracy",
    "all_convolutions",
    "as_maps",
    "attention_sentence",
    "calibration",
    "certainty",
    "channel_correlations",
    "channel_count",
    "channel_differences",
    "channel_ranges",
    "channel_statistics",
    "class_names",
    "class_share",
    "classes_sentence",
    "confusion_matrix",
    "difference",
    "first_and_last_stage",
    "first_of_each_stage",
    "half_of_attention",
    "linear_cka",
    "order_channels",
    "outside_sentence",
    "percentile_range",
    "prefix_tokens",
    "principal_components",
    "read_prediction",
    "resample",
    "shared_range",
    "stage_ends",
    "summary_map",
    "top_accuracy",
    "top_areas",
    "top_k",
    "twin_channels",
    "twins",
]
