"""Statistics and comparisons on captured values: arrays in, numbers and plain words out."""

from actviz_core.analysis.forms import Form, as_maps, form_of
from actviz_core.analysis.notes import layer_note
from actviz_core.analysis.ordering import ChannelOrder, order_channels
from actviz_core.analysis.predictions import TopK, top_k
from actviz_core.analysis.ranges import ValueRange, channel_ranges, percentile_range, shared_range
from actviz_core.analysis.sentences import channel_sentence, layer_sentence, place_of, share_in_words
from actviz_core.analysis.statistics import ChannelStatistics, channel_statistics
from actviz_core.analysis.summary import PrincipalComponents, Summary, principal_components, summary_map

__all__ = [
    "ChannelOrder",
    "ChannelStatistics",
    "Form",
    "PrincipalComponents",
    "Summary",
    "TopK",
    "ValueRange",
    "as_maps",
    "channel_ranges",
    "channel_sentence",
    "channel_statistics",
    "form_of",
    "layer_note",
    "layer_sentence",
    "order_channels",
    "percentile_range",
    "place_of",
    "principal_components",
    "share_in_words",
    "shared_range",
    "summary_map",
    "top_k",
]
