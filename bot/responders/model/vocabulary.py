"""The words that a line of our log may repeat of what an endpoint says: those of interfaces, and nobody's."""

from __future__ import annotations

_TEXT = """
a about above access account actions active additional after again against all allowed already alternate alternating
although an and another any api are argument arguments as assistant assistants at authentication authorization auto
automatically available bad balance be because been before begin below between billing blocked body boolean both busy
but by call called calling calls can cannot capabilities capability capacity chat check choice choices choose client
close code completion completions configured connection contact content contents context contract conversation could
couldn count country create created credential credentials credit credits current currently data day days deactivated
decode default denied deprecated described description deserialize detail details detected developer did didn different
disabled disallowed do does doesn don down due during each either empty enable enabled end endpoint endpoints enough
error errors even exceed exceeded exceeds exception exist existing exists expected expired extra fail failed failure
false few fewer field fields filter filtered finish first flag flagged following for forbidden format found free from
function functions gateway generated generation get given gone got greater had handle has have header headers higher
history hour hours however http https id if implemented in include included includes incorrect incorrectly index info
input inputs instance instead instruction instructions insufficient integer internal invalid is isn it item items its
jinja json just keep key keys keyword known large larger last least left length less license like limit limited limits
list load loaded loading locked long longer low lower made make management many match matched max maximum may memory
message messages method min minimum minute minutes missing mode model models moderation month more most much must name
named names need needed needs new next no none not nothing null number object of off on one only operation option
optional options or order org organization other our out output over overloaded own page param parameter parameters
params parse parser part path payment pending per permission permissions permitted plan please policy position positive
post preferences present previous prices privacy process processed processing project prompt prompts properties property
provide provided provider providers pull put quota raise rate reached read reading reason received reduce refer refused
region rejected removed replace replaced request requested requests require required requires reset resource response
responses restricted restriction result results retries retry return returned returning role roles route rules running s
safety same schema second seconds see send server service session set several shift short shorter should shut single
size slow small smaller so some specified start started starts state status stop stream streamed streaming strict string
subscription such suffix support supported supporting supports suspended syntax system t target temperature template
temporarily temporary territory than that the their them then there these they this those through tier time timed
timeout times to together token tokens too tool tools top total trace tried trigger triggered true try trying turn two
type types unable unauthorized unavailable under unexpected union unknown unprocessable unrecognised unrecognized
unsupported until up upgrade upstream url usage use used user users uses using valid validate validation value values
variant verified verify version very violate violated violates violation wait was way were when where which while will
window with within without would wrong yet you your zero
"""
WORDS = frozenset(_TEXT.split())
"""In lower case. A sentence that is made of them alone may still be somebody's: see what_was_said."""
